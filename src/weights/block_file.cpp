// This project's files that hold a block: a block file (one block's tensors and `luvit.block`, as `luvit_convert
// import` writes them), or a model's, whose block is fusion.block.*.
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/weights/model_file.h"
#include "opened_block.h"

namespace luvit {

namespace {

void require_layer(const std::string& path, std::int64_t wanted, std::int64_t there) {
  if (wanted == -1 || wanted == there) return;
  throw DataError(str(escape(path), " holds layer ", there, " only, but layer ", wanted, " is asked for"),
                  "-1 takes the layer that is there");
}

OpenedBlock open_model_block(const std::shared_ptr<SafetensorsFile>& file, const std::string& model_json,
                             std::int64_t layer) {
  const FusionOptions fusion = model_from_json(model_json, file->path()).fusion;
  OpenedBlock block;
  block.path = file->path();
  block.info = {.dim = fusion.dim,
                .heads = fusion.heads,
                .kv_heads = fusion.kv_heads,
                .hidden = fusion.hidden,
                .norm_eps = fusion.norm_eps,
                .layer = std::max<std::int64_t>(fusion.layer, 0),
                .source = file->path()};
  require_layer(block.path, layer, block.info.layer);
  const std::string prefix = "fusion.block.", final_norm = "fusion.final_norm.weight";
  for (const TensorInfo& tensor : file->tensors()) {
    const std::string& name = tensor.name;
    if (name == final_norm) block.read_final_norm = [file, final_norm] { return file->read(final_norm); };
    if (!name.starts_with(prefix) || name.find(".lora_") != std::string::npos) continue;
    block.parts.push_back(
        {name.substr(prefix.size()), tensor.type, tensor.shape, [file, name] { return file->read(name); }});
  }
  if (fusion.kind != FusionKind::llama || block.parts.empty())
    throw DataError(str(escape(block.path), ": a model without a language model's block"),
                    "name the model that has it, or the block's own file or folder");
  settle_sizes(block);
  return block;
}

}  // namespace

OpenedBlock open_block_file(const fs::path& path, std::int64_t layer) {
  auto file = std::make_shared<SafetensorsFile>(path);
  if (const auto model = file->metadata().find("luvit.model"); model != file->metadata().end())
    return open_model_block(file, model->second, layer);
  auto metadata = file->metadata().find("luvit.block");
  if (metadata == file->metadata().end())
    throw DataError(str(escape(path.string()), ": not a block file: its metadata has no 'luvit.block'"),
                    "`luvit_convert import FOLDER --out BLOCK.safetensors` makes one; a language model's folder can be "
                    "named itself");
  JsonObject said(metadata->second, path.string() + ": luvit.block");
  OpenedBlock block;
  block.path = path.string();
  BlockInfo& info = block.info;
  info.dim = said.integer("dim").value_or(0);
  info.heads = said.integer("heads").value_or(0);
  info.kv_heads = said.integer("kv_heads").value_or(0);
  info.head_dim = said.integer("head_dim").value_or(0);
  info.hidden = said.integer("hidden").value_or(0);
  info.norm_eps = said.number("norm_eps").value_or(1e-6);
  info.layer = said.integer("layer").value_or(0);
  info.source = said.text("source").value_or(path.string());
  if (said.text("qk_layout").value_or("half") != "half")
    throw DataError(
        str(escape(said.place()), ": qk_layout is '", escape(*said.text("qk_layout")), "', expected 'half'"));
  require_layer(path.string(), layer, info.layer);
  for (const TensorInfo& tensor : file->tensors())
    block.parts.push_back(
        {tensor.name, tensor.type, tensor.shape, [file, name = tensor.name] { return file->read(name); }});
  settle_sizes(block);
  return block;
}

Metadata block_metadata(const BlockInfo& info) {
  nlohmann::ordered_json out = {{"dim", info.dim},           {"heads", info.heads},   {"kv_heads", info.kv_heads},
                                {"head_dim", info.head_dim}, {"hidden", info.hidden}, {"norm_eps", info.norm_eps},
                                {"layer", info.layer},       {"source", info.source}, {"qk_layout", "half"}};
  return {{"luvit.block", out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)}};
}

}  // namespace luvit
