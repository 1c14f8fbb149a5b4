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

at::ScalarType compute_type_of(Precision precision) {
  switch (precision) {
    case Precision::float32:
      return at::kFloat;
    case Precision::bfloat16:
      return at::kBFloat16;
    case Precision::float16:
      return at::kHalf;
  }
  return at::kFloat;
}

}  // namespace luvit
