#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "luvit/core/files.h"

namespace luvit {

struct ImportOptions {
  std::int64_t layer = -1;  // of a language model: which block; −1 is the last
  // A ViT's heads are not in its shapes. Unless told here or by the training arguments stored in a .pth: 64 wide,
  // the decoder's 32.
  std::optional<std::int64_t> heads, decoder_heads;
  // How a ViT's images came before it. Unless told here or by a file that we exported: ImageNet's mean and deviation.
  std::optional<std::vector<double>> mean, std;
  std::optional<std::int64_t> resize;
};

// What `path` is, is found from its content:
//   MAE's .pth (pretrained, encoder only, fine-tuned) or timm's safetensors → a file of this project;
//   Meta's or Hugging Face's LLaMA-family folder → a block file; peft's adapter folder → an adapter file.
// Writes `out` durably: a failure leaves nothing behind. Returns what was taken, several lines.
std::string import_weights(const fs::path& path, const fs::path& out, const ImportOptions& options);

}  // namespace luvit
