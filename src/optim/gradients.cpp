#include "luvit/optim/gradients.h"

#include <ATen/ATen.h>

namespace luvit {
namespace {

std::vector<at::Tensor> gradients_of(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters)
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  return gradients;
}

}  // namespace

at::Tensor gradient_norm(const std::vector<at::Tensor>& parameters) {
  at::NoGradGuard no_grad;
  const std::vector<at::Tensor> gradients = gradients_of(parameters);
  if (gradients.empty()) return at::zeros({});
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients)));
}

void clip_gradients(const std::vector<at::Tensor>& parameters, double max_norm, const at::Tensor& norm) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients = gradients_of(parameters);
  if (gradients.empty()) return;
  at::_foreach_mul_(gradients, (max_norm / (norm + 1e-6)).clamp_max(1.0));
}

at::Tensor any_non_finite(const std::vector<at::Tensor>& scalars) {
  at::NoGradGuard no_grad;
  at::Tensor found;
  for (const at::Tensor& scalar : scalars) {
    // x − x is NaN, and so unequal to 0, for infinities and NaN; isfinite() has no meta kernel.
    const at::Tensor x = scalar.detach(), bad = (x - x).ne(0).to(at::kFloat);
    found = found.defined() ? at::maximum(found, bad) : bad;
  }
  return found;
}

}  // namespace luvit
