#pragma once
#include "luvit/core/files.h"

namespace luvit {

// What a path is, by what is in it.
enum class Content {
  model,            // a file of this project: luvit.model in its metadata
  checkpoint,       // a folder with state.json
  block,            // luvit.block
  adapter,          // luvit.adapter
  vit_safetensors,  // a ViT by timm's names
  vit_pickle,       // the same in a .pth: MAE's
  other_safetensors,
  other_pickle,
  meta_folder,          // params.json
  hugging_face_folder,  // config.json
  peft_folder,          // adapter_config.json
};

// DataError for a missing path and for what is none of them.
Content content_of(const fs::path& path);

}  // namespace luvit
