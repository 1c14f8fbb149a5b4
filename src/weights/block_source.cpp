#include "luvit/weights/block_source.h"

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "luvit/io/sha256.h"
#include "opened_block.h"

namespace luvit {
namespace {

OpenedBlock open_block(const fs::path& path, std::int64_t layer) {
  if (!path_exists(path))
    throw DataError(str(escape(path.string()), ": no such file or folder; expected a language model's block"),
                    "model.fusion.weights takes a block file, a Meta or Hugging Face folder, or random");
  if (!is_folder(path)) return open_block_file(path, layer);
  if (path_exists(path / "config.json")) return open_hugging_face_block(path, layer);
  if (path_exists(path / "params.json")) return open_meta_block(path, layer);
  throw DataError(str(escape(path.string()), ": neither a Hugging Face folder (config.json) nor Meta's (params.json)"));
}

// Over names, types, shapes and bytes, in the block's fixed order: the same for a block from any of its sources. The
// final norm is frozen as the block is, so it counts where it was asked for.
std::string hash_of(const BlockSource& block) {
  NamedTensors tensors = block.tensors;
  if (block.final_norm.defined()) tensors.emplace_back("final_norm.weight", block.final_norm);
  Sha256 hash;
  for (const auto& [name, tensor] : tensors) {
    std::string head = str(name, ' ', c10::toString(tensor.scalar_type()));
    for (std::int64_t n : tensor.sizes()) head += str(' ', n);
    head += '\n';
    hash.add(head.data(), head.size());
    hash.add(tensor.const_data_ptr(), tensor.nbytes());
  }
  return hash.hex();
}

}  // namespace

BlockInfo describe_block(const fs::path& path, std::int64_t layer) {
  return open_block(path, layer).info;
}

BlockSource read_block(const fs::path& path, std::int64_t layer, bool with_final_norm) {
  OpenedBlock opened = open_block(path, layer);
  BlockSource block{opened.info, opened.path, {}, {}, {}};
  for (const BlockPart& part : opened.parts) block.tensors.emplace_back(part.name, part.read());
  if (with_final_norm) {
    if (!opened.read_final_norm)
      throw DataError(
          str(escape(opened.path), ": it does not hold the language model's final norm"),
          "model.fusion.final_norm: pretrained needs a Meta or Hugging Face folder in model.fusion.weights");
    block.final_norm = opened.read_final_norm();
    if (block.final_norm.sizes() != at::IntArrayRef({block.info.dim}))
      throw DataError(str(escape(opened.path), ": the final norm does not have ", block.info.dim, " values"));
  }
  block.sha256 = hash_of(block);
  return block;
}

}  // namespace luvit
