#include "luvit/weights/import.h"

#include "content.h"
#include "import_vit.h"
#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/output_path.h"
#include "luvit/core/text.h"
#include "luvit/weights/adapter.h"
#include "luvit/weights/block_source.h"

namespace luvit {

namespace {

std::string import_block(const fs::path& folder, const fs::path& out, std::int64_t layer) {
  const BlockSource block = read_block(folder, layer);
  write_safetensors(out, block.tensors, block_metadata(block.info));
  const BlockInfo& info = block.info;
  std::vector<std::string> extras;
  if (info.qkv_bias) extras.emplace_back("q, k, v biases");
  if (info.o_bias) extras.emplace_back("o bias");
  if (info.qk_norm) extras.emplace_back("q, k norms");
  return str("from ", folder.string(), ", block ", info.layer, " of a language model\n  sizes    dim ", info.dim,
             ", heads ", info.heads, ", kv_heads ", info.kv_heads, ", head_dim ", info.head_dim, ", hidden ",
             info.hidden, ", norm_eps ", exact(info.norm_eps), extras.empty() ? "" : ", with " + join(extras, ", "),
             "\n  tensors  ", block.tensors.size(), " as ", dtype_name(block.tensors.front().second.scalar_type()),
             "\nwrote ", out.string(), '\n');
}

std::string import_adapter(const fs::path& folder, const fs::path& out, std::int64_t layer) {
  const Adapter adapter = read_adapter(folder, layer);
  write_safetensors(out, adapter.tensors, adapter_metadata(adapter));
  return str("from ", folder.string(), ", a LoRA adapter of block ", adapter.layer, "\n  rank ", adapter.rank,
             ", alpha ", exact(adapter.alpha), ", targets ", join(adapter.targets, " "), "\nwrote ", out.string(),
             '\n');
}

std::string import_pickle(const fs::path& path, const fs::path& out, const ImportOptions& options) {
  const PickleFile file(path);
  return import_vit(file, {.arguments = file.root().find("args")}, out, options);
}

// An option that would be of no use with these weights is not passed over.
void require_fitting(const ImportOptions& options, Content content, const fs::path& path) {
  const bool vit = content == Content::vit_safetensors || content == Content::vit_pickle;
  const bool language_model =
      content == Content::meta_folder || content == Content::hugging_face_folder || content == Content::peft_folder;
  const std::pair<const char*, bool> of_vits[] = {{"--heads", options.heads.has_value()},
                                                  {"--decoder-heads", options.decoder_heads.has_value()},
                                                  {"--mean", options.mean.has_value()},
                                                  {"--std", options.std.has_value()},
                                                  {"--resize", options.resize.has_value()}};
  for (const auto& [name, given] : of_vits)
    if (given && language_model) throw UsageError(str(name, ": ", path.string(), " is no ViT"), "leave it out");
  if (vit && options.layer != -1)
    throw UsageError(str("--layer: ", path.string(), " is a ViT, of which all is imported"), "leave it out");
  for (const double deviation : options.std.value_or(std::vector<double>{}))
    if (!(deviation > 0)) throw UsageError(str("--std: ", deviation, " cannot divide"), "three numbers above 0");
}

}  // namespace

std::string import_weights(const fs::path& path, const fs::path& out, const ImportOptions& options) {
  require_output_file("--out", out, {path});
  const Content content = content_of(path);
  require_fitting(options, content, path);
  switch (content) {
    case Content::vit_safetensors: {
      const SafetensorsFile file(path);
      return import_vit(file, {.metadata = file.metadata()}, out, options);
    }
    case Content::vit_pickle:
      return import_pickle(path, out, options);
    case Content::meta_folder:
    case Content::hugging_face_folder:
      return import_block(path, out, options.layer);
    case Content::peft_folder:
      return import_adapter(path, out, options.layer);
    case Content::other_safetensors:
    case Content::other_pickle:
      throw DataError(str(path.string(), ": no ViT (it has no cls_token and patch_embed.proj.weight)"),
                      "a language model is named by its folder, which has config.json or params.json");
    default:
      throw DataError(str(path.string(), ": already this project's own; there is nothing to import"),
                      "use it as it is: --weights, init.weights, fusion.weights or fusion.lora.weights");
  }
}

}  // namespace luvit
