#include "luvit/train/evaluate_classifier.h"

#include "luvit/core/signals.h"
#include "luvit/eval/classification.h"
#include "luvit/eval/pictures.h"
#include "luvit/models/precision.h"

namespace luvit {

std::optional<Evaluation> evaluate_classifier(const TaskParts& with, const Classifier& model, Precision precision,
                                              const Preprocess& preprocess) {
  if (!with.val) return std::nullopt;
  const auto logits = [&](const at::Tensor& images) {
    with.team.alive();
    const ComputeType compute(compute_type(precision));
    return model(images.to(with.device, /*non_blocking=*/true));
  };
  ClassifyOptions options{.view = view_of(preprocess), .batch = with.evaluation_batch, .workers = with.workers};
  options.stop = [] { return stop_requested(); };
  const auto predictions = classify(with.team, *with.val, logits, options);
  if (!predictions) return std::nullopt;
  const ClassificationScores scores = scores_of(*predictions);
  return Evaluation{"val", {{"top1", scores.top1}, {"top5", scores.top5}, {"nll", scores.nll}}, scores.n};
}

Preprocess evaluation_preprocess(const RunConfig& config) {
  Preprocess preprocess = training_preprocess(config);
  if (preprocess.crop <= 224) preprocess.resize = preprocess.crop * 256 / 224;
  return preprocess;
}

}  // namespace luvit
