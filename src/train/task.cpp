#include "luvit/train/task.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>

namespace luvit {

bool StepBatch::has(std::string_view name) const {
  return std::any_of(tensors.begin(), tensors.end(), [&](const auto& one) { return one.first == name; });
}

const at::Tensor& StepBatch::operator[](std::string_view name) const {
  for (const auto& [key, tensor] : tensors)
    if (key == name) return tensor;
  throw std::logic_error("a batch without " + std::string(name));
}

OtherWeights::OtherWeights(std::vector<NamedTensor> tensors, std::vector<at::Tensor> values)
    : tensors_(std::move(tensors)), values_(std::move(values)) {
  swap();
}

OtherWeights::~OtherWeights() {
  swap();
}

void OtherWeights::swap() {
  for (std::size_t i = 0; i < tensors_.size(); ++i) std::swap(*tensors_[i].tensor, values_[i]);
}

at::Tensor repeated_zeros(std::int64_t rows, std::vector<std::int64_t> shape) {
  shape.insert(shape.begin(), 1);
  const at::Tensor one = at::zeros(shape);
  shape.front() = rows;
  return one.expand(shape);
}

}  // namespace luvit
