#pragma once
#include <ATen/core/Tensor.h>

#include "cpu_kernels.h"

namespace luvit {

// On contiguous float32 or bfloat16 tensors, without autograd.
at::Tensor gelu_values(const at::Tensor& x);
// grad becomes the gradient of x; returns GELU(x).
at::Tensor gelu_backward_in_place(const at::Tensor& x, const at::Tensor& grad);

inline Bfloat16* bits(const at::Tensor& x) {
  return reinterpret_cast<Bfloat16*>(x.mutable_data_ptr<at::BFloat16>());
}

}  // namespace luvit
