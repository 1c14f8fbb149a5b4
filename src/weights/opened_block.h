#pragma once
#include <functional>

#include "json_object.h"
#include "luvit/weights/block_source.h"

namespace luvit {

// One tensor of a block: its name and shape here, and how to get it.
struct BlockPart {
  std::string name;  // Hugging Face's, below the layer
  at::ScalarType type;
  std::vector<std::int64_t> shape;
  std::function<at::Tensor()> read;
};

// A block found in a file or folder, not read yet. `info` holds what the source says in words (0: nothing).
struct OpenedBlock {
  BlockInfo info;
  std::string path;
  std::vector<BlockPart> parts;
  std::function<at::Tensor()> read_final_norm;  // empty: the source has none
};

OpenedBlock open_block_file(const fs::path& file, std::int64_t layer);
OpenedBlock open_meta_block(const fs::path& folder, std::int64_t layer);
OpenedBlock open_hugging_face_block(const fs::path& folder, std::int64_t layer);

// -1 is the last of `count`; DataError with the count when there is no such layer.
std::int64_t choose_layer(std::int64_t layer, std::int64_t count, const std::string& path);

// Takes from the shapes what the source did not say, holds what it did say to them, and requires exactly the tensors
// of such a block, in a fixed order.
void settle_sizes(OpenedBlock& block);

// The rows of q or k (weight, bias or LoRA's B) from Meta's order, where a rotary pair is two neighbours, into
// Hugging Face's, where it is head_dim/2 apart (transformers, convert_llama_weights_to_hf.py, permute).
at::Tensor half_split_rows(const at::Tensor& rows, std::int64_t head_dim);

}  // namespace luvit
