#pragma once
#include "io/files_for_test.h"
#include "luvit/weights/model_file.h"

namespace luvit {

// A model of a few thousand parameters with every part of LUViT.
inline OpenedModel small_model(ModelKind kind, FusionKind fusion = FusionKind::llama) {
  OpenedModel model{.kind = kind};
  ModelOptions& options = model.options;
  options.image_size = 16;
  options.patch_size = 4;
  options.dim = 16;
  options.depth = 2;
  options.heads = 2;
  options.mlp_ratio = 2;
  options.fusion.kind = fusion;
  options.fusion.dim = 24;
  options.fusion.heads = 4;
  options.fusion.kv_heads = 2;
  options.fusion.hidden = 40;
  options.fusion.norm_eps = 1e-5;
  options.fusion.weights = "random";
  options.fusion.bias = fusion == FusionKind::mlp;
  options.fusion.lora.rank = 3;
  options.fusion.lora.alpha = 6;
  options.decoder = {.dim = 8, .depth = 1, .heads = 2};
  options.classes = 5;
  model.masking.mask_ratio = 0.5;
  model.preprocess = {.resize = 18, .crop = 16};
  return model;
}

// Values that are the same on every run, none of them a zero or a one that could hide a mistake.
inline at::Tensor varied(at::IntArrayRef shape, double phase, double scale = 0.3) {
  const auto count = c10::multiply_integers(shape);
  return (at::sin(at::arange(count, at::kDouble) * 0.7071 + phase) * scale).to(at::kFloat).reshape(shape);
}

inline std::unique_ptr<Encoder> filled(const OpenedModel& description, at::ScalarType frozen_type = at::kFloat) {
  auto model = make_model(description);
  double phase = 0;
  for (const auto& [name, tensor, role] : model->named_tensors()) {
    at::Tensor value = varied(tensor->sizes(), phase += 1);
    if (name.find("norm") != std::string::npos && name.ends_with(".weight")) value = value + 1;
    *tensor = role == Role::frozen ? value.to(frozen_type) : value;
  }
  return model;
}

inline std::map<std::string, at::Tensor> tensors_of(Module& model) {
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, tensor, role] : model.named_tensors()) out[name] = *tensor;
  return out;
}

inline void expect_same_tensors(Module& a, Module& b) {
  const auto ours = tensors_of(a), theirs = tensors_of(b);
  ASSERT_EQ(ours.size(), theirs.size());
  for (const auto& [name, tensor] : ours) {
    ASSERT_TRUE(theirs.count(name)) << name;
    EXPECT_TRUE(same(tensor, theirs.at(name))) << name;
  }
}

// Largest difference over the largest value.
inline double distance(const at::Tensor& ours, const at::Tensor& theirs) {
  if (ours.sizes() != theirs.sizes()) return INFINITY;
  const at::Tensor a = ours.to(at::kDouble), b = theirs.to(at::kDouble);
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

// A model as a file at `path`.
inline void save_filled(const fs::path& path, const OpenedModel& description, at::ScalarType frozen_type = at::kFloat) {
  save_model(path, *filled(description, frozen_type), description);
}

inline std::unique_ptr<Encoder> loaded(const fs::path& path, std::optional<at::ScalarType> frozen_type = {}) {
  auto model = make_model(describe_model(path));
  load_model(*model, path, frozen_type);
  return model;
}

inline NamedTensors read_all(const SafetensorsFile& file) {
  NamedTensors out;
  for (const auto& info : file.tensors()) out.emplace_back(info.name, file.read(info.name));
  return out;
}

}  // namespace luvit
