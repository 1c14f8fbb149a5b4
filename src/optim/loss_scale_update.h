#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace luvit {

// ATen's two operators behind torch's GradScaler, and the same by elementary operations: their twins for tests, and
// what the devices without kernels for them take (meta). found_inf and the scales are [] float32, growth [] int32.
bool has_amp_kernels(at::Device device);

// Multiplies the gradients by inverse_scale; found_inf becomes 1 if one was not finite.
void unscale_by_aten(std::vector<at::Tensor>& gradients, at::Tensor& found_inf, const at::Tensor& inverse_scale);
void unscale_plain(std::vector<at::Tensor>& gradients, at::Tensor& found_inf, const at::Tensor& inverse_scale);

// The next scale and its count of good steps.
void update_scale_by_aten(at::Tensor& scale, at::Tensor& growth, const at::Tensor& found_inf);
void update_scale_plain(at::Tensor& scale, at::Tensor& growth, const at::Tensor& found_inf);

}  // namespace luvit
