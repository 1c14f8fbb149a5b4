#pragma once
#include <utility>

#include "luvit/optim/parameter_groups.h"

namespace luvit {

// AdamW (Loshchilov & Hutter 2019) by ATen's fused operator, one call a group, state keyed by parameter name.
// No read-back: everything stays on the device.
class AdamW {
 public:
  AdamW(std::vector<ParameterGroup> groups, const OptimOptions& options);
  // grad_scale and found_inf as torch's GradScaler hands them (undefined: none); found_inf = 1 skips the update.
  void step(double learning_rate, const at::Tensor& grad_scale = {}, const at::Tensor& found_inf = {});
  void zero_grad();  // keeps the buffers: nothing is allocated in the next backward
  // "NAME.exp_avg", "NAME.exp_avg_sq", and "NAME.step" (float32 scalar) for each parameter
  std::vector<std::pair<std::string, at::Tensor>> state() const;
  void load_state(const std::vector<std::pair<std::string, at::Tensor>>& state);  // DataError on any difference
  const std::vector<ParameterGroup>& groups() const { return groups_; }

 private:
  std::vector<ParameterGroup> groups_;
  struct State { std::vector<at::Tensor> parameters, exp_avg, exp_avg_sq, step; };
  std::vector<State> states_;
  OptimOptions options_;
};

}  // namespace luvit
