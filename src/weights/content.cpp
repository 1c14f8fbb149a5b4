#include "content.h"

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "luvit/io/pickle.h"
#include "luvit/io/safetensors.h"

namespace luvit {

namespace {

const char* const known_forms =
    "known are this project's files and checkpoint folders, MAE's .pth, timm's safetensors, and the folders of Meta's "
    "LLaMA, Hugging Face and peft";

Content content_of_folder(const fs::path& folder) {
  if (path_exists(folder / "state.json")) return Content::checkpoint;
  if (path_exists(folder / "adapter_config.json")) return Content::peft_folder;
  if (path_exists(folder / "params.json")) return Content::meta_folder;
  if (path_exists(folder / "config.json")) return Content::hugging_face_folder;
  if (path_exists(folder / "model.safetensors"))
    throw DataError(str(folder.string(), ": a folder with a model.safetensors and nothing that says what it is"),
                    str("name the file, ", (folder / "model.safetensors").string()));
  throw DataError(str(folder.string(), ": no state.json, config.json, params.json or adapter_config.json in it"),
                  known_forms);
}

bool is_vit(const TensorSource& source) {
  return (source.has("cls_token") && source.has("patch_embed.proj.weight")) ||
         (source.has("module.cls_token") && source.has("module.patch_embed.proj.weight"));
}

}  // namespace

Content content_of(const fs::path& path) {
  if (!path_exists(path)) throw DataError(str(path.string(), ": no such file or folder"), "check the path");
  if (is_folder(path)) return content_of_folder(path);
  if (looks_like_pickle(path)) return is_vit(PickleFile(path)) ? Content::vit_pickle : Content::other_pickle;
  if (!looks_like_safetensors(path))
    throw DataError(str(path.string(), ": neither safetensors nor a torch file"), known_forms);
  const SafetensorsFile file(path);
  const auto& metadata = file.metadata();
  if (metadata.count("luvit.model")) return Content::model;
  if (metadata.count("luvit.block")) return Content::block;
  if (metadata.count("luvit.adapter")) return Content::adapter;
  return is_vit(file) ? Content::vit_safetensors : Content::other_safetensors;
}

}  // namespace luvit
