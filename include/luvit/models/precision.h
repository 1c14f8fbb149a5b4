#pragma once
#include <c10/core/ScalarType.h>

#include "luvit/models/options.h"

namespace luvit {

at::ScalarType compute_type(Precision precision);
// The type frozen weights are kept in: the compute type, or float32 where fusion.storage says so.
at::ScalarType frozen_type(const FusionOptions& fusion, at::ScalarType compute);

}  // namespace luvit
