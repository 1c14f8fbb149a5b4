#pragma once
#include <set>

#include "luvit/io/safetensors.h"
#include "luvit/models/options.h"

namespace luvit {

// LoRA matrices of one layer, from this project's adapter file (`luvit.adapter`) or a peft folder
// (adapter_config.json, adapter_model.safetensors or .bin). Rows of B for q and k come out in Hugging Face's order.
struct Adapter {
  std::int64_t rank = 0;
  double alpha = 0;                  // as the scale alpha/rank has it; rsLoRA's is converted
  std::vector<std::string> targets;  // of q k v o gate up down, in this order
  std::int64_t layer = -1;           // -1: not said
  std::string source;
  NamedTensors tensors;  // self_attn.q_proj.lora_A.weight, …lora_B.weight, …; in the file's type
};
// layer: which of several; -1 the last. head_dim is needed only for adapters trained on Meta's row order.
Adapter read_adapter(const fs::path& path, std::int64_t layer = -1, std::int64_t head_dim = 0);
Metadata adapter_metadata(const Adapter& adapter);

// lora.{rank, alpha, targets} that nobody wrote come from the adapter; a written one that differs is a DataError.
void settle_lora_options(LoraOptions& options, const Adapter& adapter, const std::set<std::string>& written,
                         const std::string& path);

}  // namespace luvit
