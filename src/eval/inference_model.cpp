#include "luvit/eval/inference_model.h"

#include <ATen/ATen.h>

#include "luvit/core/random.h"
#include "luvit/eval/analysis.h"
#include "luvit/models/initial_values.h"

namespace luvit {

InferenceModel::InferenceModel(const OpenedModel& description, const fs::path& weights, at::ScalarType compute,
                               at::Device device)
    : kind_(description.kind), compute_(compute), device_(device), model_(make_model(description)) {
  load_model(*model_, weights, description.options.fusion.storage == Storage::float32 ? at::kFloat : compute);
  to_device(*model_, device);
}

Shown InferenceModel::operator()(const at::Tensor& images, const at::Tensor& noise, const Outputs& outputs) const {
  const at::NoGradGuard no_gradients;
  const ComputeType compute(compute_);
  const at::Tensor x = images.to(device_, /*non_blocking=*/true);
  Shown shown;
  const auto show = [&](const char* name, const at::Tensor& value) { shown[name] = value.to(at::kCPU, at::kFloat); };
  const auto wanted = [&](Output output) { return outputs.count(output) != 0; };

  if (outputs != Outputs{Output::mae}) {
    Taps taps{.want_attention = wanted(Output::attention) || wanted(Output::entropy)};
    const at::Tensor features = model_->features(x, /*drop_path=*/{}, &taps);
    if (wanted(Output::logits)) show("logits", dynamic_cast<const Classifier&>(*model_).logits_of(features));
    if (wanted(Output::features)) show("features", features);
    if (wanted(Output::encoder)) show("encoder", taps.encoder);
    if (wanted(Output::attention)) show("attention", taps.attention);
    if (wanted(Output::entropy)) show("entropy", attention_entropy(taps.attention));
  }
  if (wanted(Output::mae)) {
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

at::Tensor evaluation_noise(std::uint64_t seed, std::int64_t first, std::int64_t count, std::int64_t patches) {
  const at::Tensor noise = at::empty({count, patches}, at::kFloat);
  for (std::int64_t row = 0; row < count; ++row) {
    Random random(seed, /*epoch=*/0, static_cast<std::uint64_t>(first + row), Purpose::evaluation_mask);
    random.fill_uniform(noise.data_ptr<float>() + row * patches, patches);
  }
  return noise;
}

}  // namespace luvit
