// This project's block file: one block's tensors and `luvit.block`, as `luvit_convert import` writes them.
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "opened_block.h"

namespace luvit {

OpenedBlock open_block_file(const fs::path& path, std::int64_t layer) {
  auto file = std::make_shared<SafetensorsFile>(path);
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
  if (layer != -1 && layer != info.layer)
    throw DataError(
        str(escape(path.string()), " holds layer ", info.layer, " only, but layer ", layer, " is asked for"),
        "-1 takes the layer that is there");
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
