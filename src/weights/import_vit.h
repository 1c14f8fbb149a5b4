#pragma once
#include "luvit/io/pickle.h"
#include "luvit/weights/import.h"
#include "luvit/weights/model_file.h"

namespace luvit {

// A plain ViT by the names of MAE and timm becomes this project's file. `arguments` is the argparse.Namespace that
// MAE's training stores, or nullptr. Returns what was taken.
std::string import_vit(const TensorSource& source, const PickleNode* arguments, const fs::path& out,
                       const ImportOptions& options);

}  // namespace luvit
