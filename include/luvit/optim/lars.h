#pragma once
#include <string>
#include <utility>
#include <vector>

#include "luvit/optim/parameter_groups.h"

namespace luvit {

// LARS (You, Gitman & Ginsburg 2017) as in MAE's util/lars.py: for tensors of two or more dimensions the gradient, with
// the weight decay added, is scaled by trust · |weight| / |gradient| (1 where either norm is 0); then momentum, then
// the step, both as in plain SGD. Nothing is read back from the device.
class Lars {
 public:
  using NamedState = std::vector<std::pair<std::string, at::Tensor>>;
  static constexpr double trust_coefficient = 0.001, momentum = 0.9;

  explicit Lars(std::vector<ParameterGroup> groups);

  // With each group's learning_rate × lr_scale. found_inf: [] float32 on the device, 1 leaves everything as it is.
  void step(double learning_rate, const at::Tensor& found_inf = {});
  void release_grad();
  const std::vector<ParameterGroup>& groups() const { return groups_; }

  NamedState state() const;                  // "NAME.mu" for each parameter; shares the storage
  void load_state(const NamedState& whole);  // DataError on a missing, surplus or misshapen tensor

 private:
  std::vector<ParameterGroup> groups_;
  std::vector<std::vector<at::Tensor>> momenta_;  // as the groups' parameters
};

}  // namespace luvit
