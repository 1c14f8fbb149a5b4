#include "export_formats.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

bool of_the_decoder(const std::string& name) {
  return name.starts_with("decoder_") || name == "mask_token";
}

std::string comma_list(const std::vector<double>& values) {
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(exact(value));
  return join(texts, ", ");
}

// The call whose model loads the file strictly. timm's norm_layer has MAE's eps, 1e-6, by default.
std::string timm_call(const OpenedModel& model) {
  const ModelOptions& o = model.options;
  std::string rest;
  if (model.kind == ModelKind::classifier)
    rest = str("num_classes=", o.classes, ", global_pool=\"", o.pool == Pool::mean ? "avg" : "token", "\"");
  else
    rest = str("num_classes=0", model.encoder_norm ? "" : ", final_norm=False");
  return str("VisionTransformer(img_size=", o.image_size, ", patch_size=", o.patch_size, ", embed_dim=", o.dim,
             ", depth=", o.depth, ", num_heads=", o.heads, ", mlp_ratio=", exact(o.mlp_ratio), ", ", rest, ")");
}

// What the model is to be shown, which no tensor says.
std::string view_line(const Preprocess& view) {
  return str("# images: resized to ", view.resize, " (", view.interpolation, "), cut to ", view.crop, ", mean=[",
             comma_list(view.mean), "], std=[", comma_list(view.std), "]\n");
}

}  // namespace

void require_plain_vit(const LoadedModel& loaded) {
  const FusionKind fusion = loaded.description.options.fusion.kind;
  if (fusion == FusionKind::none) return;
  throw DataError(str(loaded.path, ": fused with ", fusion == FusionKind::llama ? "a language model's block" : "an MLP",
                      " (fusion.*), for which timm's VisionTransformer has no place"),
                  "in Python, scripts/luvit_torch.py loads it; --format luvit writes the complete file");
}

std::string export_timm(LoadedModel& loaded, const fs::path& out) {
  NamedTensors kept;
  std::int64_t left_out = 0;
  for (const auto& [name, tensor, role] : loaded.model->named_tensors()) {
    if (of_the_decoder(name))
      ++left_out;
    else
      kept.emplace_back(name, *tensor);
  }
  Metadata metadata = model_metadata(loaded.description);  // read again by `import`; others pass over it
  metadata.erase("luvit.model");
  metadata["luvit.heads"] = std::to_string(loaded.description.options.heads);  // which no shape says
  metadata["format"] = "pt";
  write_safetensors(out, kept, metadata);
  std::string report = str("wrote ", out.string(), ": ", kept.size(), " tensors");
  if (left_out > 0) report += str("; the decoder's ", left_out, " are left out");
  return report + str("\n\nfrom safetensors.torch import load_file\n",
                      "from timm.models.vision_transformer import VisionTransformer\n\n",
                      "model = ", timm_call(loaded.description), "\n", "model.load_state_dict(load_file(",
                      json_quote(out.string()), "))\n\n", view_line(loaded.description.preprocess));
}

}  // namespace luvit
