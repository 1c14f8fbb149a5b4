#include <ATen/ATen.h>

#include "loss_scale_update.h"
#include "luvit/optim/gradients.h"

namespace luvit {
LossScale::LossScale(bool enabled, double initial)
    : enabled_(enabled), scale_(at::full({}, initial, at::kFloat)), growth_(at::zeros({}, at::kInt)) {}

void LossScale::to(at::Device device) {
  scale_ = scale_.to(device);
  growth_ = growth_.to(device);
}

at::Tensor LossScale::scale(const at::Tensor& loss) const {
  return enabled_ ? loss * scale_ : loss;
}

at::Tensor LossScale::unscale(const std::vector<at::Tensor>& parameters) {
  if (!enabled_) return {};
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters)
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  at::Tensor found_inf = at::zeros_like(scale_);
  if (gradients.empty()) return found_inf;
  const at::Tensor inverse_scale = scale_.to(at::kDouble).reciprocal().to(at::kFloat);
  const auto divide = has_amp_kernels(scale_.device()) ? unscale_by_aten : unscale_plain;
  divide(gradients, found_inf, inverse_scale);
  return found_inf;
}

void LossScale::update(const at::Tensor& found_inf) {
  if (!enabled_) return;
  at::NoGradGuard no_grad;
  const auto change = has_amp_kernels(scale_.device()) ? update_scale_by_aten : update_scale_plain;
  change(scale_, growth_, found_inf);
}

void LossScale::load(double scale, std::int64_t growth) {
  at::NoGradGuard no_grad;
  scale_.fill_(scale);
  growth_.fill_(growth);
}

}  // namespace luvit
