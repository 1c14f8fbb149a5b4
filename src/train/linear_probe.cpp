#include "luvit/train/linear_probe.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "labelled_batch.h"
#include "luvit/models/precision.h"
#include "luvit/train/evaluate_classifier.h"
#include "luvit/train/weight_average.h"

namespace luvit {

namespace {

constexpr double eps = 1e-6, momentum = 0.1;  // of the normalisation
constexpr const char *mean_name = "head.running_mean", *var_name = "head.running_var";

LoaderOptions loading(const FinetuneConfig& config, const TaskParts& parts) {
  LoaderOptions options = loader_options(config, parts);
  CropOptions crop = config.augment.crop;
  crop.rule = CropRule::clamped;
  options.augment = only_crop(crop);
  options.classes = config.model.classes;
  options.noise = false;
  return options;
}

void take(NamedTensors& saved, const char* name, at::Tensor& into) {
  const auto found = std::find_if(saved.begin(), saved.end(), [&](const auto& one) { return one.first == name; });
  if (found == saved.end()) return;
  into.copy_(found->second);
  saved.erase(found);
}

}  // namespace

LinearProbe::LinearProbe(const FinetuneConfig& config, const TaskParts& parts, std::vector<std::string> classes)
    : LoadedTask(config, parts, loading(config, parts)),
      model_(config.model),
      description_{.kind = ModelKind::classifier,
                   .options = config.model,
                   .masking = {},
                   .preprocess = evaluation_preprocess(config),
                   .classes = std::move(classes)} {
  model_.train_only("head");
  head_ = model_.trained_tensors();
}

StepBatch LinearProbe::next_batch() {
  return labelled_batch(next());
}

StepBatch LinearProbe::stand_in_batch(std::int64_t rows) const {
  return labelled_stand_in(model_.options, rows);
}

void LinearProbe::begin(NamedTensors& saved) {
  const auto kind = at::TensorOptions(at::kFloat).device(with_.device);
  running_mean_ = at::zeros({model_.options.dim}, kind);
  running_var_ = at::ones({model_.options.dim}, kind);
  take(saved, mean_name, running_mean_);
  take(saved, var_name, running_var_);
  take_trained(head_, saved);
}

NamedTensors LinearProbe::state() {
  NamedTensors state = as_trained(head_);
  state.emplace_back(mean_name, running_mean_);
  state.emplace_back(var_name, running_var_);
  return state;
}

at::Tensor LinearProbe::loss(const StepBatch& batch, std::int64_t first, std::int64_t count) {
  with_.team.alive();
  if (first == 0) prepare(batch, count);
  const at::Tensor targets = on_device(batch["targets"].narrow(0, first, count));
  const ComputeType compute(compute_type(precision_));
  return soft_cross_entropy(model_.head(inputs_.narrow(0, first, count)), targets);
}

void LinearProbe::prepare(const StepBatch& batch, std::int64_t at_once) {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < batch.rows; first += at_once) {
    with_.team.alive();
    parts.push_back(features_of(batch["images"].narrow(0, first, std::min(at_once, batch.rows - first))));
  }
  inputs_ = normalise(at::cat(parts), /*count_in=*/batch.step > counted_step_);
  counted_step_ = std::max(counted_step_, batch.step);
}

at::Tensor LinearProbe::features_of(const at::Tensor& images) {
  const ComputeType compute(compute_type(precision_));
  model_.train(false);  // what is frozen drops nothing
  return model_.pooled(on_device(images)).to(at::kFloat);
}

// By the batch of all ranks together. Sums are float64: squares of large means leave the variance its digits.
at::Tensor LinearProbe::normalise(const at::Tensor& features, bool count_in) {
  const at::Tensor exact = features.to(at::kDouble);
  const at::Tensor sums = at::stack({exact.sum(0), exact.square().sum(0)});
  with_.team.ranks().sum(sums);
  const auto n = static_cast<double>(features.size(0) * with_.team.size());
  const at::Tensor mean = sums[0] / n, var = (sums[1] / n - mean.square()).clamp_min(0);
  if (count_in) {
    running_mean_.lerp_(mean.to(at::kFloat), momentum);
    running_var_.lerp_((var * (n / std::max(n - 1, 1.0))).to(at::kFloat), momentum);
  }
  return (features - mean.to(at::kFloat)) * (var + eps).rsqrt().to(at::kFloat);
}

std::unique_ptr<OtherWeights> LinearProbe::evaluated_weights() {
  const at::NoGradGuard no_gradients;
  const at::Tensor scale = (running_var_ + eps).rsqrt();
  const at::Tensor weight = model_.head.weight.detach() * scale;
  const at::Tensor bias = model_.head.bias.detach() - weight.mv(running_mean_);
  return std::make_unique<OtherWeights>(head_, std::vector<at::Tensor>{weight, bias});
}

std::optional<Evaluation> LinearProbe::evaluate() {
  const auto folded = evaluated_weights();
  return evaluate_classifier(with_, model_, precision_, description_.preprocess);
}

}  // namespace luvit
