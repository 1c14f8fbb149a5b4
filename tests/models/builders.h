#pragma once
#include "luvit/models/classifier.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/mae.h"

namespace luvit {

// A model of a few thousand parameters with every part of LUViT.
inline ModelOptions small_options(FusionKind kind = FusionKind::llama) {
  ModelOptions options;
  options.image_size = 16;
  options.patch_size = 4;
  options.dim = 16;
  options.depth = 2;
  options.heads = 2;
  options.fusion.kind = kind;
  options.fusion.dim = 24;
  options.fusion.heads = 4;
  options.fusion.kv_heads = 2;
  options.fusion.hidden = 32;
  options.fusion.bias = kind == FusionKind::mlp;
  options.fusion.lora.rank = 3;
  options.fusion.lora.alpha = 6;
  options.decoder = {.dim = 8, .depth = 1, .heads = 2};
  options.classes = 5;
  return options;
}

inline void start(Module& model, const ModelOptions& options, std::uint64_t seed = 1) {
  initialise(model, options, {.seed = seed});
  require_gradients(model);
}

// Values that are the same on every run, without torch's generator.
inline Tensor varied(at::IntArrayRef shape, double phase = 0) {
  const auto count = c10::multiply_integers(shape);
  return at::sin(at::arange(count, at::kDouble) * 0.7071 + phase).to(at::kFloat).reshape(shape);
}

inline Tensor tensor_named(Module& model, const std::string& name) {
  for (const auto& named : model.named_tensors()) {
    if (named.name == name) return *named.tensor;
  }
  return {};
}

inline double largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace luvit
