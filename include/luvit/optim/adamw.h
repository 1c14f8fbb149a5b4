#pragma once
#include <string>
#include <utility>
#include <vector>

#include "luvit/optim/parameter_groups.h"

namespace luvit {

// AdamW (Loshchilov & Hutter 2019) by ATen's fused operator, one call a group, state keyed by parameter name.
// Nothing is read back from the device. The groups' tensors must be in their final place (device, type) when the
// optimizer is made; parameters without a gradient are left alone.
class AdamW {
 public:
  using NamedState = std::vector<std::pair<std::string, at::Tensor>>;

  AdamW(std::vector<ParameterGroup> groups, const OptimOptions& options);

  // One update with each group's learning_rate × lr_scale. grad_scale and found_inf are [] float32 on the device, as
  // torch's GradScaler hands them: gradients are divided by grad_scale, found_inf = 1 leaves parameters, moments and
  // steps as they are. Undefined: none.
  void step(double learning_rate, const at::Tensor& grad_scale = {}, const at::Tensor& found_inf = {});

  void zero_grad();     // keeps the buffers: the next backward adds into them
  void release_grad();  // gives the buffers back: less memory in the forward pass, no adding in the backward pass

  // "NAME.exp_avg", "NAME.exp_avg_sq" and "NAME.step" ([] float32) for each parameter; shares the storage.
  NamedState state() const;
  // Copies into the state; DataError on a missing, surplus or misshapen tensor.
  void load_state(const NamedState& state);

  const std::vector<ParameterGroup>& groups() const { return groups_; }

 private:
  struct State {  // in the order of the group's parameters
    std::vector<at::Tensor> parameters, exp_avg, exp_avg_sq, step;
  };
  std::vector<ParameterGroup> groups_;
  std::vector<State> states_;
  OptimOptions options_;
};

}  // namespace luvit
