#include "adamw_update.h"

#include <ATen/ATen.h>

namespace luvit {
namespace {

// Infinities and NaN as numbers, so that a skipped update can be multiplied away.
at::Tensor finite(const at::Tensor& x) {
  constexpr double bound = 1e15;  // its square is a float32 too
  const at::Tensor high = at::full({}, bound, x.options());
  return at::fmin(at::fmax(x, -high), high);
}

}  // namespace

bool has_fused_adamw(at::Device device) {
  return device.is_cpu() || device.is_cuda() || device.is_meta();
}

void adamw_fused(AdamWUpdate& u) {
  at::_foreach_add_(u.steps, 1);
  std::optional<at::Tensor> grad_scale, found_inf;
  if (u.grad_scale.defined()) grad_scale = u.grad_scale;
  if (u.found_inf.defined()) found_inf = u.found_inf;
  at::_fused_adamw_(u.parameters, u.gradients, u.exp_avg, u.exp_avg_sq, /*max_exp_avg_sqs=*/{}, u.steps,
                    u.learning_rate, u.beta1, u.beta2, u.weight_decay, u.eps, /*amsgrad=*/false, /*maximize=*/false,
                    grad_scale, found_inf);
  // A skipped update leaves the tensors alone, but its step was counted above.
  if (found_inf) at::_foreach_sub_(u.steps, std::vector<at::Tensor>(u.steps.size(), *found_inf));
}

void adamw_plain(AdamWUpdate& u) {
  const bool may_skip = u.found_inf.defined();
  // By arithmetic: nothing is read back.
  auto assign = [&](at::Tensor& target, const at::Tensor& value) {
    target.copy_(may_skip ? value * (1 - u.found_inf) + target * u.found_inf : value);
  };
  for (std::size_t i = 0; i < u.parameters.size(); ++i) {
    at::Tensor &p = u.parameters[i], &m = u.exp_avg[i], &v = u.exp_avg_sq[i], &step = u.steps[i];
    at::Tensor g = u.grad_scale.defined() ? u.gradients[i] / u.grad_scale : u.gradients[i];
    if (may_skip) g = finite(g);
    assign(step, step + 1);
    assign(m, m.lerp(g, 1 - u.beta1));
    assign(v, v * u.beta2 + g * g * (1 - u.beta2));
    const at::Tensor t = step.to(at::kDouble);
    const at::Tensor correction1 = (1 - at::pow(u.beta1, t)).to(p.scalar_type());
    const at::Tensor correction2 = (1 - at::pow(u.beta2, t)).to(p.scalar_type());
    const at::Tensor denominator = (v / correction2).sqrt_().add_(u.eps);
    assign(p, p * (1 - u.learning_rate * u.weight_decay) - u.learning_rate * (m / correction1) / denominator);
  }
}

}  // namespace luvit
