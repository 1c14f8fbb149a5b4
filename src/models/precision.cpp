#include "luvit/models/precision.h"

namespace luvit {

at::ScalarType compute_type(Precision precision) {
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

at::ScalarType frozen_type(const FusionOptions& fusion, at::ScalarType compute) {
  return fusion.storage == Storage::float32 ? at::kFloat : compute;
}

}  // namespace luvit
