#pragma once
#include <string>

#include "luvit/models/options.h"

namespace luvit {

// What a plan needs to know of a GPU.
struct Gpu {
  std::string name;                        // as a user says it
  double half_flops = 0, float_flops = 0;  // peak FLOP/s of bfloat16 and float16 products, and of float32's
  double memory_bytes = 0;

  double flops(Precision precision) const { return precision == Precision::float32 ? float_flops : half_flops; }
};

// UsageError names those known.
Gpu find_gpu(const std::string& name);

}  // namespace luvit
