#pragma once
#include <ATen/core/Tensor.h>

#include <optional>

namespace luvit {

// Layers under bfloat16 on CPUs with instructions for it. What they compute is what the casts around ATen's operators
// would; what they save is passes over memory.

bool has_bfloat16_instructions();

// x·Wᵀ + b in bfloat16, x and W cast where they are not. oneDNN adds the bias inside the product, where at::linear
// first writes it all over the result.
bool prefers_bfloat16_linear(const at::Tensor& x, at::ScalarType compute);
at::Tensor linear_in_bfloat16(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// Layer norm of float32 rows, rounded to bfloat16 for the linear layer that reads them; the backward pass takes that
// layer's bfloat16 gradient as it is.
bool prefers_bfloat16_norm(const at::Tensor& x, std::optional<at::ScalarType> compute);
at::Tensor layer_norm_to_bfloat16(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);

}  // namespace luvit
