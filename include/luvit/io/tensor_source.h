#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace luvit {

struct TensorInfo {
  std::string name;
  at::ScalarType type;
  std::vector<std::int64_t> shape;
};

// A file, or several, that tensors can be read from one by one; nothing but what is asked for is paged in.
class TensorSource {
 public:
  virtual ~TensorSource() = default;
  virtual const std::vector<TensorInfo>& tensors() const = 0;
  virtual bool has(const std::string& name) const = 0;
  // A copy of its own, contiguous, on the CPU, in the file's type. DataError naming file and tensor otherwise.
  virtual at::Tensor read(const std::string& name) const = 0;
  virtual const std::string& path() const = 0;  // for messages
};

}  // namespace luvit
