#pragma once
#include <map>

#include "luvit/core/files.h"
#include "luvit/io/tensor_source.h"

namespace luvit {

// A file by its content: safetensors or torch's pickle.
std::unique_ptr<TensorSource> open_tensor_file(const fs::path& path);

// The weights of a Hugging Face folder: one file, or several with an index that says where each tensor is. Of the
// several, a file is opened when a tensor of it is asked for.
class TensorFolder {
 public:
  // Any of model.safetensors, pytorch_model.bin or their indices; DataError where none is there.
  explicit TensorFolder(const fs::path& folder);

  std::vector<std::string> names() const;
  bool has(const std::string& name) const { return where_.count(name) != 0; }
  const TensorInfo& info(const std::string& name);
  at::Tensor read(const std::string& name);

 private:
  struct File {
    std::unique_ptr<TensorSource> source;
    std::map<std::string, const TensorInfo*> infos;
  };
  File& open(const std::string& name);
  void read_index(const fs::path& index);

  fs::path folder_;
  std::map<std::string, std::string> where_;  // tensor → file name
  std::map<std::string, File> files_;
};

}  // namespace luvit
