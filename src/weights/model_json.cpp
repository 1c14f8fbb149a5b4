#include <cmath>

#include "json_fields.h"
#include "luvit/weights/model_file.h"

namespace luvit {

namespace {

// No model comes near these; they keep products of sizes out of a damaged file inside 64 bits.
constexpr std::int64_t longest_side = 1 << 16, widest = 1 << 20, deepest = 1 << 12;

template <typename Visitor>
void lora_fields(Visitor& visit, LoraOptions& lora) {
  visit.field("rank", lora.rank, 0, widest);
  visit.field("alpha", lora.alpha, -1e9, 1e9);
  visit.field("dropout", lora.dropout, 0, 1);
  visit.field("targets", lora.targets);
  visit.field("weights", lora.weights);
}

template <typename Visitor>
void llama_fields(Visitor& visit, FusionOptions& fusion) {
  visit.field("dim", fusion.dim, 1, widest);
  visit.field("heads", fusion.heads, 1, widest);
  visit.field("kv_heads", fusion.kv_heads, 1, widest);
  visit.field("hidden", fusion.hidden, 1, widest);
  visit.field("norm_eps", fusion.norm_eps, 0, 1);
  visit.field("weights", fusion.weights);
  visit.field("layer", fusion.layer, -1, widest);
  visit.choice("storage", fusion.storage, {{"compute", Storage::compute}, {"float32", Storage::float32}});
  visit.choice("residual", fusion.residual, {{"none", Residual::none}, {"outer", Residual::outer}});
  visit.choice("final_norm", fusion.final_norm,
               {{"none", FinalNorm::none}, {"unit", FinalNorm::unit}, {"pretrained", FinalNorm::pretrained}});
  visit.field("bias", fusion.bias);
  visit.object("lora", [&](auto& inner) { lora_fields(inner, fusion.lora); });
}

template <typename Visitor>
void fusion_fields(Visitor& visit, FusionOptions& fusion) {
  visit.choice("kind", fusion.kind,
               {{"none", FusionKind::none}, {"mlp", FusionKind::mlp}, {"llama", FusionKind::llama}});
  if (fusion.kind == FusionKind::llama) llama_fields(visit, fusion);
  if (fusion.kind != FusionKind::mlp) return;
  if (Visitor::reading) {  // this kind's own defaults
    fusion.hidden = 4096;
    fusion.bias = true;
  }
  visit.field("hidden", fusion.hidden, 1, widest);
  visit.choice("activation", fusion.activation, {{"gelu", Activation::gelu}, {"none", Activation::none}});
  visit.field("bias", fusion.bias);
}

template <typename Visitor>
void model_fields(Visitor& visit, ModelOptions& model) {
  visit.field("image_size", model.image_size, 1, longest_side);
  visit.field("patch_size", model.patch_size, 1, longest_side);
  visit.field("dim", model.dim, 1, widest);
  visit.field("depth", model.depth, 1, deepest);
  visit.field("heads", model.heads, 1, widest);
  visit.field("mlp_ratio", model.mlp_ratio, 0, 1024);
  visit.choice("pool", model.pool, {{"mean", Pool::mean}, {"cls", Pool::cls}});
  visit.choice("pos_embed", model.pos_embed, {{"sincos", PosEmbed::sincos}, {"learned", PosEmbed::learned}});
  visit.field("drop_path", model.drop_path, 0, 1);
  visit.object("fusion", [&](auto& inner) { fusion_fields(inner, model.fusion); });
  visit.object("decoder", [&](auto& inner) {
    inner.field("dim", model.decoder.dim, 1, widest);
    inner.field("depth", model.decoder.depth, 1, deepest);
    inner.field("heads", model.decoder.heads, 1, widest);
  });
  visit.field("classes", model.classes, 1, std::int64_t{1} << 32);
}

template <typename Visitor>
void masking_fields(Visitor& visit, MaskingOptions& masking) {
  visit.field("mask_ratio", masking.mask_ratio, 0, 1);
  visit.field("norm_pix", masking.norm_pix);
}

template <typename Visitor>
void preprocess_fields(Visitor& visit, Preprocess& preprocess) {
  visit.field("resize", preprocess.resize, 1, longest_side);
  visit.field("crop", preprocess.crop, 1, longest_side);
  visit.field("interpolation", preprocess.interpolation);
  visit.field("mean", preprocess.mean);
  visit.field("std", preprocess.std);
}

void require_usable(const Preprocess& preprocess, const std::string& place) {
  const auto colours = [](const std::vector<double>& values, auto fits) {
    return values.size() == 3 && std::all_of(values.begin(), values.end(), fits);
  };
  if (!colours(preprocess.mean, [](double v) { return std::isfinite(v); }) ||
      !colours(preprocess.std, [](double v) { return std::isfinite(v) && v > 0; }))
    throw DataError(str(place, " mean and std: expected three finite numbers each, std above 0"));
  if (preprocess.interpolation != "bicubic" && preprocess.interpolation != "bilinear")
    throw DataError(str(place, " interpolation is '", preprocess.interpolation, "'; expected bicubic | bilinear"));
}

}  // namespace

std::string model_to_json(const ModelOptions& options) {
  ModelOptions written = options;
  // A random block is no layer of anything, and −1 would mean "the last of a checkpoint" to a reader.
  written.fusion.layer = std::max<std::int64_t>(written.fusion.layer, 0);
  return write_fields([&](auto& visit) { model_fields(visit, written); });
}

ModelOptions model_from_json(const std::string& json, const std::string& path) {
  ModelOptions options;
  const std::string place = path + ": luvit.model";
  read_fields(json, place, [&](auto& visit) { model_fields(visit, options); });
  return options;
}

std::string masking_to_json(const MaskingOptions& masking) {
  MaskingOptions written = masking;
  return write_fields([&](auto& visit) { masking_fields(visit, written); });
}

MaskingOptions masking_from_json(const std::string& json, const std::string& path) {
  MaskingOptions masking;
  read_fields(json, path + ": luvit.mae", [&](auto& visit) { masking_fields(visit, masking); });
  return masking;
}

std::string preprocess_to_json(const Preprocess& preprocess) {
  Preprocess written = preprocess;
  return write_fields([&](auto& visit) { preprocess_fields(visit, written); });
}

Preprocess preprocess_from_json(const std::string& json, std::int64_t image_size, const std::string& path) {
  Preprocess preprocess{.resize = image_size, .crop = image_size};
  const std::string place = path + ": luvit.preprocess";
  read_fields(json, place, [&](auto& visit) { preprocess_fields(visit, preprocess); });
  require_usable(preprocess, place);
  return preprocess;
}

}  // namespace luvit
