#pragma once
#include <memory>
#include <set>

#include "luvit/io/safetensors.h"
#include "luvit/models/llama_block.h"
#include "luvit/models/options.h"

namespace luvit {

// One decoder layer of a language model, from this project's block file, Meta's folder (consolidated.*.pth,
// params.json) or a Hugging Face folder (config.json; safetensors or .bin, one file or sharded). Only that
// layer's bytes are read. Names come out as Hugging Face's below the layer, rows of q and k in Hugging Face's
// order. A family that is not this block (Gemma, OLMo2, Granite, …) is refused by name.
struct BlockInfo {
  std::int64_t dim = 0, heads = 0, kv_heads = 0, head_dim = 0, hidden = 0;
  double norm_eps = 0;
  std::int64_t layer = 0;  // counted from 0, never -1
  std::string source;      // what it was read from
  bool qkv_bias = false, o_bias = false, qk_norm = false;
};
struct BlockSource {
  BlockInfo info;
  std::string path;
  std::string sha256;     // over the tensors and the final norm: names, types, shapes, bytes
  NamedTensors tensors;   // in the file's type
  at::Tensor final_norm;  // undefined unless asked for (a Meta or Hugging Face folder)
};
BlockInfo describe_block(const fs::path& path, std::int64_t layer);
BlockSource read_block(const fs::path& path, std::int64_t layer, bool with_final_norm = false);

// `luvit.block`, the metadata of a block file.
Metadata block_metadata(const BlockInfo& info);

// Sizes nobody wrote come from the block; a written one that differs is a DataError with both values.
// `written` holds config keys ("model.fusion.hidden", …). LoRA's rank, alpha and targets come from lora.weights
// alike, where it is there.
void settle_fusion_options(FusionOptions& options, const BlockInfo& info, const std::set<std::string>& written,
                           const std::string& path);

// Puts the values into fusion.block.* of a model, in frozen_type.
void load_block(Module& model, const BlockSource& block, at::ScalarType frozen_type);

// LoRA matrices from an adapter file or a peft folder (`fusion.lora.weights`).
void load_adapter(Module& model, const FusionOptions& options, const fs::path& path);

}  // namespace luvit
