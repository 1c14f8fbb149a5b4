#include <ATen/ATen.h>

#include "luvit/core/random.h"
#include "workload.h"

namespace luvit {

at::Tensor synthetic_normal(at::IntArrayRef shape, std::uint64_t stream, at::Device device) {
  const at::Tensor values = at::empty(shape, at::kFloat);
  Random(0, 0, stream, Purpose::synthetic).fill_normal(values.mutable_data_ptr<float>(), values.numel(), 0.0F, 1.0F);
  return values.to(device);
}

at::Tensor synthetic_uniform(at::IntArrayRef shape, std::uint64_t stream, at::Device device) {
  const at::Tensor values = at::empty(shape, at::kFloat);
  Random(0, 0, stream, Purpose::synthetic).fill_uniform(values.mutable_data_ptr<float>(), values.numel());
  return values.to(device);
}

}  // namespace luvit
