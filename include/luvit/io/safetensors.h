#pragma once
#include <map>

#include "luvit/core/files.h"
#include "luvit/io/tensor_source.h"

namespace luvit {

using Metadata = std::map<std::string, std::string>;
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Reads safetensors, each tensor straight from its place in the file. Every field of the header is checked (size,
// offsets inside the file, no overlap or hole, type × shape = bytes, names unique) before any tensor is touched:
// DataError otherwise.
class SafetensorsFile : public TensorSource {
 public:
  explicit SafetensorsFile(const fs::path& path);
  ~SafetensorsFile() override;
  const std::vector<TensorInfo>& tensors() const override;
  bool has(const std::string& name) const override;
  at::Tensor read(const std::string& name) const override;
  const std::string& path() const override;
  const Metadata& metadata() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A type's name in a safetensors header ("BF16"), and back: DataError for a name that is none.
std::string dtype_name(at::ScalarType type);
at::ScalarType dtype_of_name(const std::string& name);

bool looks_like_safetensors(const fs::path& path);  // by content

// Durable (core/files.h). Tensors are copied to the CPU and written contiguously; the same input gives the same
// bytes. Refuses a repeated name. The second form is for files inside a DurableFolder.
void write_safetensors(const fs::path& path, const NamedTensors& tensors, const Metadata& metadata);
void write_safetensors(FileLayer::Handle& out, const NamedTensors& tensors, const Metadata& metadata);

}  // namespace luvit
