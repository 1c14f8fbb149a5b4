#pragma once
#include "luvit/io/pickle.h"
#include "luvit/weights/import.h"
#include "luvit/weights/model_file.h"

namespace luvit {

// What a file holds beside its tensors.
struct VitNotes {
  const PickleNode* arguments = nullptr;  // the argparse.Namespace that MAE's training stores
  Metadata metadata = {};  // a safetensors file's; that of our own timm export says preprocessing, classes
};

// A plain ViT by the names of MAE and timm becomes this project's file. Returns what was taken.
std::string import_vit(const TensorSource& source, const VitNotes& notes, const fs::path& out,
                       const ImportOptions& options);

}  // namespace luvit
