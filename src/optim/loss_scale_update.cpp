#include "loss_scale_update.h"

#include <ATen/ATen.h>

namespace luvit {
namespace {

constexpr double growth_factor = 2.0, backoff_factor = 0.5;
constexpr std::int64_t growth_interval = 2000;

}  // namespace

bool has_amp_kernels(at::Device device) {
  return device.is_cpu() || device.is_cuda();
}

void unscale_by_aten(std::vector<at::Tensor>& gradients, at::Tensor& found_inf, const at::Tensor& inverse_scale) {
  at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_inf, inverse_scale);
}

void unscale_plain(std::vector<at::Tensor>& gradients, at::Tensor& found_inf, const at::Tensor& inverse_scale) {
  for (at::Tensor& gradient : gradients) {
    found_inf.copy_(at::maximum(found_inf, (gradient - gradient).ne(0).any().to(at::kFloat)));  // inf − inf is NaN
    gradient.mul_(inverse_scale);
  }
}

void update_scale_by_aten(at::Tensor& scale, at::Tensor& growth, const at::Tensor& found_inf) {
  at::_amp_update_scale_(scale, growth, found_inf, growth_factor, backoff_factor, growth_interval);
}

void update_scale_plain(at::Tensor& scale, at::Tensor& growth, const at::Tensor& found_inf) {
  const at::Tensor good = 1 - found_inf;
  const at::Tensor full = (growth + 1).eq(growth_interval).to(at::kFloat) * good;
  scale.mul_(found_inf * backoff_factor + good * (1 + full * (growth_factor - 1)));
  growth.copy_((growth + 1) * good * (1 - full));
}

}  // namespace luvit
