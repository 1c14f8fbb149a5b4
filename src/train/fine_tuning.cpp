#include "luvit/train/fine_tuning.h"

#include <ATen/ATen.h>

#include "labelled_batch.h"
#include "luvit/models/drop_path.h"
#include "luvit/models/dropout.h"
#include "luvit/models/precision.h"
#include "luvit/train/evaluate_classifier.h"

namespace luvit {

namespace {

// One for the step in hand, one for the step whose numbers are on their way, one to draw into.
constexpr std::size_t masks_in_use = 3;

LoaderOptions loading(const FinetuneConfig& config, const TaskParts& parts) {
  LoaderOptions options = loader_options(config, parts);
  options.augment = config.augment;
  options.classes = config.model.classes;
  options.noise = false;
  return options;
}

}  // namespace

FineTuning::FineTuning(const FinetuneConfig& config, const TaskParts& parts, std::vector<std::string> classes)
    : LoadedTask(config, parts, loading(config, parts)),
      decay_(config.train.ema),
      model_(config.model),
      description_{.kind = ModelKind::classifier,
                   .options = config.model,
                   .masking = {},
                   .preprocess = evaluation_preprocess(config),
                   .classes = std::move(classes)} {
  if (config.model.drop_path <= 0 || parts.device.is_meta()) return;
  const auto kind = at::TensorOptions(at::kFloat).pinned_memory(parts.device.is_cuda());
  for (std::size_t i = 0; i < masks_in_use; ++i) masks_.push_back(at::empty({config.model.depth, 2, parts.rows}, kind));
}

StepBatch FineTuning::next_batch() {
  const Batch& batch = next();
  StepBatch out = labelled_batch(batch);
  if (masks_.empty()) return out;
  at::Tensor& masks = masks_[static_cast<std::size_t>(batch.step) % masks_.size()];
  draw_drop_path(masks, model_.options.drop_path, seed_, epoch_of(batch.step), batch.index);
  out.tensors.emplace_back("drop_path", masks);
  return out;
}

StepBatch FineTuning::stand_in_batch(std::int64_t rows) const {
  const ModelOptions& model = model_.options;
  StepBatch batch = labelled_stand_in(model, rows);
  if (model.drop_path > 0) batch.tensors.emplace_back("drop_path", at::ones({model.depth, 2, rows}));
  return batch;
}

at::Tensor FineTuning::loss(const StepBatch& batch, std::int64_t first, std::int64_t count) {
  with_.team.alive();
  const at::Tensor masks =
      batch.has("drop_path") ? on_device(batch["drop_path"].narrow(2, first, count)) : at::Tensor();
  const std::int64_t* samples = batch["index"].const_data_ptr<std::int64_t>() + first;
  const DropoutDraws draws(seed_, epoch_of(batch.step), {samples, samples + count});
  const ComputeType compute(compute_type(precision_));
  return objective(on_device(batch["images"].narrow(0, first, count)), masks,
                   on_device(batch["targets"].narrow(0, first, count)), batch.step);
}

at::Tensor FineTuning::objective(const at::Tensor& images, const at::Tensor& masks, const at::Tensor& targets,
                                 std::int64_t /*step*/) {
  return soft_cross_entropy(model_(images, masks), targets);
}

void FineTuning::begin(NamedTensors& saved) {
  if (decay_) average_.emplace(model_, *decay_, saved);
}

void FineTuning::updated() {
  if (average_) average_->update();
}

NamedTensors FineTuning::state() {
  return average_ ? average_->trained_state() : NamedTensors{};
}

std::unique_ptr<OtherWeights> FineTuning::evaluated_weights() {
  return average_ ? average_->in_model() : nullptr;
}

std::optional<Evaluation> FineTuning::evaluate() {
  const auto averaged = evaluated_weights();
  return evaluate_classifier(with_, model_, precision_, description_.preprocess);
}

}  // namespace luvit
