#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace luvit {

// The tensors of one AdamW call, in step with one another, and its numbers. steps are [] float32.
struct AdamWUpdate {
  std::vector<at::Tensor> parameters, gradients, exp_avg, exp_avg_sq, steps;
  double learning_rate = 0, beta1 = 0, beta2 = 0, weight_decay = 0, eps = 0;
  at::Tensor grad_scale, found_inf;  // [] float32, or undefined
};

// ATen's fused operator: one pass over memory (one kernel on a GPU). CPU and CUDA only.
void adamw_fused(AdamWUpdate& update);
// The same by elementary operations: the fused one's twin for tests, and the one for the other devices (meta).
void adamw_plain(AdamWUpdate& update);
bool has_fused_adamw(at::Device device);

}  // namespace luvit
