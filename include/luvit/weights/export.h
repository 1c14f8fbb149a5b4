#pragma once
#include <string>

#include "luvit/core/files.h"

namespace luvit {

enum class ExportFormat {
  timm,    // a state dict that a timm VisionTransformer loads strictly; a fused model is refused
  merged,  // LoRA added into the block's weights: in float32, rounded once
  peft,    // an adapter folder for the Hugging Face model whose block it is
  luvit,   // one complete file of this project
};
ExportFormat parse_export_format(const std::string& name);  // UsageError with the four names

// Writes `out` (a folder for peft, else a file) from a weights file or a checkpoint folder, durably: a failure leaves
// nothing behind. Returns what a user should know, several lines. DataError where the model has no such form.
std::string export_weights(const fs::path& weights, ExportFormat format, const fs::path& out);

}  // namespace luvit
