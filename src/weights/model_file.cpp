#include "luvit/weights/model_file.h"

#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "luvit/io/json_text.h"
#include "luvit/io/sha256.h"
#include "luvit/weights/block_source.h"
#include "opened_weights.h"

namespace luvit {

namespace {

// An encoder's file: what Encoder has, and the norm that its users may put after it.
struct EncoderWithNorm : Encoder {
  explicit EncoderWithNorm(const ModelOptions& model_options) : Encoder(model_options), norm(model_options.dim) {
    add("norm", norm);
  }
  LayerNorm norm;
};

// What the block's own tensors say and no config key does.
void settle_block(FusionOptions& fusion, const OpenedWeights& opened) {
  const std::string attention = "fusion.block.self_attn.";
  if (const auto q = opened.tensors.find(attention + "q_proj.weight"); q != opened.tensors.end()) {
    const auto& shape = q->second.shape;
    if (shape.size() == 2 && shape[0] % fusion.heads == 0) fusion.head_dim = shape[0] / fusion.heads;
    fusion.qkv_bias = opened.has(attention + "q_proj.bias");
    fusion.o_bias = opened.has(attention + "o_proj.bias");
    fusion.qk_norm = opened.has(attention + "q_norm.weight");
  } else if (opened.is_checkpoint() && opened.frozen->kind == FrozenReference::Kind::file) {
    require_block_source(*opened.frozen, fs::path(opened.file->path()).parent_path());
    const BlockInfo info = describe_block(opened.frozen->source, opened.frozen->layer);
    fusion.head_dim = info.head_dim;
    fusion.qkv_bias = info.qkv_bias;
    fusion.o_bias = info.o_bias;
    fusion.qk_norm = info.qk_norm;
  }
}

std::string missing_hint(const OpenedWeights& opened, const fs::path& path) {
  if (!opened.is_checkpoint() && path_exists(path.parent_path() / "state.json"))
    return str("a checkpoint's file leaves the frozen block out; name its folder, ", path.parent_path().string());
  return str("`luvit_convert inspect ", path.string(), "` lists its tensors and what luvit.model says they should be");
}

}  // namespace

std::string kind_name(ModelKind kind) {
  switch (kind) {
    case ModelKind::encoder:
      return "encoder";
    case ModelKind::pretraining:
      return "pretraining";
    case ModelKind::classifier:
      return "classifier";
  }
  return {};
}

std::vector<std::string> classes_from_json(const std::string& text, const std::string& path) {
  if (text.empty()) return {};
  const std::string place = path + ": luvit.classes";
  require_sound_json(text, place);
  const auto json = nlohmann::json::parse(text);
  const bool names =
      json.is_array() && std::all_of(json.begin(), json.end(), [](const auto& name) { return name.is_string(); });
  if (!names) throw DataError(str(place, " is not a list of names"), "the file was written by another program");
  return json.get<std::vector<std::string>>();
}

std::string hash_of_weights(const fs::path& path) {
  return sha256_of_file(is_folder(path) ? path / "state.json" : path);
}

OpenedModel describe_model(const fs::path& path) {
  const OpenedWeights opened = open_weights(path, FileCheck::sizes);
  const std::string& file = opened.file->path();
  const std::string& model_json = opened.metadata("luvit.model");
  for (const auto& [key, what] :
       {std::pair("luvit.block", "a language model's block"), {"luvit.adapter", "a LoRA adapter"}})
    if (model_json.empty() && !opened.metadata(key).empty())
      throw DataError(str(file, ": ", what, ", no model"),
                      "model.fusion.weights takes a block, model.fusion.lora.weights an adapter; a model is a run's "
                      "model.safetensors");
  if (model_json.empty())
    throw DataError(
        str(file, ": no luvit.model in its metadata, so not a model of this project"),
        str("bring foreign weights in by `luvit_convert import ", path.string(), " --out OUT.safetensors`"));
  OpenedModel model{.kind = kind_of(opened), .options = model_from_json(model_json, file)};
  if (model.kind == ModelKind::classifier) model.options.pool = opened.has("fc_norm.weight") ? Pool::mean : Pool::cls;
  if (model.options.fusion.kind == FusionKind::llama) settle_block(model.options.fusion, opened);
  require_consistent(model, file);
  model.encoder_norm = opened.has("norm.weight");

  const auto text_or = [&](const char* key) {
    const std::string& text = opened.metadata(key);
    return text.empty() ? std::string("{}") : text;
  };
  model.masking = masking_from_json(text_or("luvit.mae"), file);
  model.preprocess = preprocess_from_json(text_or("luvit.preprocess"), model.options.image_size, file);
  model.classes = classes_from_json(opened.metadata("luvit.classes"), file);
  return model;
}

std::unique_ptr<Encoder> make_model(const OpenedModel& description) {
  switch (description.kind) {
    case ModelKind::pretraining:
      return std::make_unique<MaskedAutoencoder>(description.options, description.masking);
    case ModelKind::classifier:
      return std::make_unique<Classifier>(description.options);
    case ModelKind::encoder:
      break;
  }
  if (description.encoder_norm) return std::make_unique<EncoderWithNorm>(description.options);
  return std::make_unique<Encoder>(description.options);
}

void load_model(Module& model, const fs::path& path, std::optional<at::ScalarType> frozen_type) {
  OpenedWeights opened = open_weights(path, FileCheck::hashes);
  std::vector<NamedTensor> wanted = model.named_tensors();
  const bool apart = block_left_out(opened, wanted);
  if (apart) std::erase_if(wanted, [](const NamedTensor& one) { return one.role == Role::frozen; });
  const bool normed =
      std::any_of(wanted.begin(), wanted.end(), [](const auto& one) { return one.name == "norm.weight"; });
  if (kind_of(opened) == ModelKind::encoder && !normed)
    for (const char* name : {"norm.weight", "norm.bias"}) opened.tensors.erase(name);
  require_exactly(wanted, opened.tensors, opened.file->path(), missing_hint(opened, path));

  const at::NoGradGuard no_gradients;
  for (const auto& [name, tensor, role] : wanted) {
    const at::Tensor value = opened.file->read(name);
    *tensor = role == Role::frozen ? value.to(frozen_type.value_or(value.scalar_type())) : value.to(at::kFloat);
  }
  if (apart) load_left_out_block(model, describe_model(path).options, *opened.frozen, path, frozen_type);
}

Metadata model_metadata(const OpenedModel& description) {
  Metadata metadata = {{"luvit.format", weights_format},
                       {"luvit.model", model_to_json(description.options)},
                       {"luvit.preprocess", preprocess_to_json(description.preprocess)}};
  if (description.kind == ModelKind::pretraining) metadata["luvit.mae"] = masking_to_json(description.masking);
  if (!description.classes.empty()) metadata["luvit.classes"] = nlohmann::json(description.classes).dump();
  return metadata;
}

void save_model(const fs::path& path, Module& model, const OpenedModel& description) {
  NamedTensors tensors;
  for (const auto& [name, tensor, role] : model.named_tensors()) tensors.emplace_back(name, tensor->detach());
  write_safetensors(path, tensors, model_metadata(description));
}

}  // namespace luvit
