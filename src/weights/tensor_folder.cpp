#include "tensor_folder.h"

#include "json_object.h"
#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "luvit/io/pickle.h"
#include "luvit/io/safetensors.h"

namespace luvit {

std::unique_ptr<TensorSource> open_tensor_file(const fs::path& path) {
  if (looks_like_pickle(path)) return std::make_unique<PickleFile>(path);
  return std::make_unique<SafetensorsFile>(path);
}

TensorFolder::TensorFolder(const fs::path& folder) : folder_(folder) {
  for (const char* index : {"model.safetensors.index.json", "pytorch_model.bin.index.json"}) {
    const char* single = index[0] == 'm' ? "model.safetensors" : "pytorch_model.bin";
    if (path_exists(folder_ / index)) {
      read_index(folder_ / index);
      return;
    }
    if (!path_exists(folder_ / single)) continue;
    File& file = files_[single];
    file.source = open_tensor_file(folder_ / single);
    for (const TensorInfo& tensor : file.source->tensors()) {
      file.infos[tensor.name] = &tensor;
      where_[tensor.name] = single;
    }
    return;
  }
  throw DataError(str(escape(folder.string()),
                      ": no weights in it; expected model.safetensors, pytorch_model.bin, or "
                      "several of them with their index.json"));
}

void TensorFolder::read_index(const fs::path& index) {
  auto map = JsonObject(index).object("weight_map");
  if (!map) throw DataError(str(escape(index.string()), ": no 'weight_map' in it"));
  for (const auto& [name, file] : map->json().items()) {
    // A name, not a way out of the folder.
    if (!file.is_string() || fs::path(file.get<std::string>()).filename() != file.get<std::string>())
      throw DataError(str(escape(index.string()), ": '", escape(name), "' is not mapped to a file of this folder"));
    where_[name] = file.get<std::string>();
  }
}

std::vector<std::string> TensorFolder::names() const {
  std::vector<std::string> out;
  for (const auto& [name, file] : where_) out.push_back(name);
  return out;
}

TensorFolder::File& TensorFolder::open(const std::string& name) {
  auto where = where_.find(name);
  if (where == where_.end()) throw DataError(str(escape(folder_.string()), ": no tensor '", escape(name), "' in it"));
  File& file = files_[where->second];
  if (!file.source) {
    file.source = open_tensor_file(folder_ / where->second);
    for (const TensorInfo& tensor : file.source->tensors()) file.infos[tensor.name] = &tensor;
  }
  if (!file.infos.count(name))
    throw DataError(str(escape((folder_ / where->second).string()), ": no tensor '", escape(name),
                        "' in it, though the index says so"));
  return file;
}

const TensorInfo& TensorFolder::info(const std::string& name) {
  return *open(name).infos.at(name);
}
at::Tensor TensorFolder::read(const std::string& name) {
  return open(name).source->read(name);
}

}  // namespace luvit
