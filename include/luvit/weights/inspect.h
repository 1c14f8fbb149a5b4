#pragma once
#include "luvit/io/safetensors.h"

namespace luvit {

// What any file or folder that luvit_convert knows holds; no tensor is read.
struct Inspection {
  // encoder | pretraining | classifier | checkpoint | block | adapter | mae | timm | meta | hugging_face | peft |
  // safetensors and torch (anything else in these formats)
  std::string kind;
  std::string path;
  std::vector<TensorInfo> tensors;
  Metadata metadata;
};
Inspection inspect(const fs::path& path);

std::string inspection_json(
    const Inspection& inspection);  // {"kind":, "tensors": {NAME: {"dtype":, "shape":}}, "metadata":}
std::string inspection_text(const Inspection& inspection);  // a table for people

}  // namespace luvit
