#include "luvit/eval/inference_model.h"

#include <ATen/ATen.h>

#include "luvit/core/random.h"
#include "luvit/eval/analysis.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"

namespace luvit {

namespace {

// What the pass has to show for these outputs.
std::set<std::string> taps_for(const Outputs& outputs, std::int64_t depth) {
  std::set<std::string> taps = outputs;
  if (outputs.count("encoder")) taps.insert(block_tap(depth - 1));
  if (outputs.count("attention") || outputs.count("entropy")) taps.insert(attention_tap(depth - 1));
  return taps;
}

}  // namespace

InferenceModel::InferenceModel(const OpenedModel& description, const fs::path& weights, at::ScalarType compute,
                               at::Device device)
    : kind_(description.kind), compute_(compute), device_(device), model_(make_model(description)) {
  load_model(*model_, weights, frozen_type(description.options.fusion, compute));
  to_device(*model_, device);
}

Shown InferenceModel::operator()(const at::Tensor& images, const at::Tensor& noise, const Outputs& outputs) const {
  const at::NoGradGuard no_gradients;
  const ComputeType compute(compute_);
  const at::Tensor x = images.to(device_, /*non_blocking=*/true);
  Shown shown;
  const auto show = [&](const char* name, const at::Tensor& value) { shown[name] = value.to(at::kCPU, at::kFloat); };
  const auto wanted = [&](const char* output) { return outputs.count(output) != 0; };

  if (outputs != Outputs{"mae"}) {
    const std::int64_t last = model_->options.depth - 1;
    Taps taps(taps_for(outputs, model_->options.depth));
    const at::Tensor features = model_->features(x, /*drop_path=*/{}, &taps);
    if (wanted("logits")) show("logits", dynamic_cast<const Classifier&>(*model_).logits_of(features));
    if (wanted("features")) show("features", features);
    if (wanted("encoder")) show("encoder", taps[block_tap(last)]);
    if (wanted("attention")) show("attention", taps[attention_tap(last)]);
    if (wanted("entropy")) show("entropy", attention_entropy(taps[attention_tap(last)]));
    for (const std::string& name : outputs)
      if (const at::Tensor tapped = taps[name]; tapped.defined()) show(name.c_str(), tapped);
  }
  if (wanted("mae")) {
    const MaeOutput out = dynamic_cast<const MaskedAutoencoder&>(*model_)(x, noise.to(device_, /*non_blocking=*/true));
    show("loss", out.loss);
    show("pred", out.pred);
    show("mask", out.mask);
  }
  return shown;
}

at::Tensor InferenceModel::logits(const at::Tensor& images) const {
  const at::NoGradGuard no_gradients;
  const ComputeType compute(compute_);
  return dynamic_cast<const Classifier&>(*model_)(images.to(device_, /*non_blocking=*/true));
}

at::Tensor InferenceModel::pooled(const at::Tensor& images) const {
  const at::NoGradGuard no_gradients;
  const ComputeType compute(compute_);
  const at::Tensor x = images.to(device_, /*non_blocking=*/true);
  if (kind_ == ModelKind::classifier) return dynamic_cast<const Classifier&>(*model_).pooled(x);
  const at::Tensor pooled = model_->pooled_features(x).to(at::kFloat);
  return at::layer_norm(pooled, {pooled.size(1)}, /*weight=*/{}, /*bias=*/{}, /*eps=*/1e-6);
}

at::Tensor InferenceModel::encode(const at::Tensor& images, Taps& taps) const {
  const at::NoGradGuard no_gradients;
  const ComputeType compute(compute_);
  return model_->encode(images.to(device_, /*non_blocking=*/true), /*drop_path=*/{}, &taps);
}

at::Tensor InferenceModel::features(const at::Tensor& images, Taps& taps) const {
  const at::NoGradGuard no_gradients;
  const ComputeType compute(compute_);
  return model_->features(images.to(device_, /*non_blocking=*/true), /*drop_path=*/{}, &taps);
}

at::Tensor evaluation_noise(std::uint64_t seed, std::int64_t first, std::int64_t count, std::int64_t patches) {
  const at::Tensor noise = at::empty({count, patches}, at::kFloat);
  for (std::int64_t row = 0; row < count; ++row) {
    Random random(seed, /*epoch=*/0, static_cast<std::uint64_t>(first + row), Purpose::evaluation_mask);
    random.fill_uniform(noise.data_ptr<float>() + row * patches, patches);
  }
  return noise;
}

}  // namespace luvit
