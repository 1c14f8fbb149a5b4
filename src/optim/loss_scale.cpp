#include <ATen/ATen.h>

#include "luvit/optim/gradients.h"

namespace luvit {
namespace {

constexpr double growth_factor = 2.0, backoff_factor = 0.5;
constexpr std::int64_t growth_interval = 2000;

// ATen's operators have kernels for these only; the meta device counts shapes by the elementary operations below.
bool has_amp_kernels(const at::Tensor& tensor) {
  return tensor.is_cpu() || tensor.is_cuda();
}

void unscale_plain(std::vector<at::Tensor>& gradients, at::Tensor& found_inf, const at::Tensor& inverse_scale) {
  for (at::Tensor& gradient : gradients) {
    found_inf.copy_(at::maximum(found_inf, (gradient - gradient).ne(0).any().to(at::kFloat)));  // inf − inf is NaN
    gradient.mul_(inverse_scale);
  }
}

void update_plain(at::Tensor& scale, at::Tensor& growth, const at::Tensor& found_inf) {
  const at::Tensor good = 1 - found_inf;
  const at::Tensor full = (growth + 1).eq(growth_interval).to(at::kFloat) * good;
  scale.mul_(found_inf * backoff_factor + good * (1 + full * (growth_factor - 1)));
  growth.copy_((growth + 1) * good * (1 - full));
}

}  // namespace

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
  if (has_amp_kernels(scale_))
    at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_inf, inverse_scale);
  else
    unscale_plain(gradients, found_inf, inverse_scale);
  return found_inf;
}

void LossScale::update(const at::Tensor& found_inf) {
  if (!enabled_) return;
  at::NoGradGuard no_grad;
  if (has_amp_kernels(scale_))
    at::_amp_update_scale_(scale_, growth_, found_inf, growth_factor, backoff_factor, growth_interval);
  else
    update_plain(scale_, growth_, found_inf);
}

void LossScale::load(double scale, std::int64_t growth) {
  at::NoGradGuard no_grad;
  scale_.fill_(scale);
  growth_.fill_(growth);
}

}  // namespace luvit
