#include "luvit/optim/adamw.h"

#include <ATen/ATen.h>

#include <map>

#include "adamw_update.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

AdamW::AdamW(std::vector<ParameterGroup> groups, const OptimOptions& options)
    : groups_(std::move(groups)), options_(options) {
  if (options_.betas.size() != 2)
    throw UsageError(luvit::str("optim.betas has ", options_.betas.size(), " values, expected 2"));
  for (const ParameterGroup& group : groups_) {
    State& state = states_.emplace_back();
    for (const NamedTensor& parameter : group.parameters) {
      const at::Tensor& p = *parameter.tensor;
      state.parameters.push_back(p);
      state.exp_avg.push_back(at::zeros_like(p, at::TensorOptions().requires_grad(false)));
      state.exp_avg_sq.push_back(at::zeros_like(state.exp_avg.back()));
      state.step.push_back(at::zeros({}, p.options().dtype(at::kFloat).requires_grad(false)));
    }
  }
}

void AdamW::step(double learning_rate, const at::Tensor& grad_scale, const at::Tensor& found_inf) {
  at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    AdamWUpdate update;
    const State& state = states_[i];
    for (std::size_t j = 0; j < state.parameters.size(); ++j) {
      const at::Tensor& gradient = state.parameters[j].grad();
      if (!gradient.defined()) continue;
      update.parameters.push_back(state.parameters[j]);
      update.gradients.push_back(gradient);
      update.exp_avg.push_back(state.exp_avg[j]);
      update.exp_avg_sq.push_back(state.exp_avg_sq[j]);
      update.steps.push_back(state.step[j]);
    }
    if (update.parameters.empty()) continue;
    update.learning_rate = learning_rate * groups_[i].lr_scale;
    update.weight_decay = groups_[i].weight_decay;
    update.beta1 = options_.betas[0];
    update.beta2 = options_.betas[1];
    update.eps = options_.eps;
    update.grad_scale = grad_scale;
    update.found_inf = found_inf;
    if (has_fused_adamw(update.parameters[0].device()))
      adamw_fused(update);
    else
      adamw_plain(update);
  }
}

void AdamW::zero_grad() {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const State& state : states_)
    for (const at::Tensor& parameter : state.parameters)
      if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  if (!gradients.empty()) at::_foreach_zero_(gradients);
}

void AdamW::release_grad() {
  for (State& state : states_)
    for (at::Tensor& parameter : state.parameters) parameter.mutable_grad().reset();
}

AdamW::NamedState AdamW::state() const {
  NamedState all;
  for (std::size_t i = 0; i < groups_.size(); ++i)
    for (std::size_t j = 0; j < groups_[i].parameters.size(); ++j) {
      const std::string& name = groups_[i].parameters[j].name;
      all.emplace_back(name + ".exp_avg", states_[i].exp_avg[j]);
      all.emplace_back(name + ".exp_avg_sq", states_[i].exp_avg_sq[j]);
      all.emplace_back(name + ".step", states_[i].step[j]);
    }
  return all;
}

void AdamW::load_state(const NamedState& given) {
  at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> by_name(given.begin(), given.end());
  for (auto& [name, target] : state()) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) throw DataError(luvit::str("optimizer state: tensor '", name, "' is missing"));
    if (found->second.sizes() != target.sizes() || found->second.scalar_type() != target.scalar_type())
      throw DataError(luvit::str("optimizer state: tensor '", name, "' is ", found->second.scalar_type(), " ",
                                 found->second.sizes(), ", expected ", target.scalar_type(), " ", target.sizes()));
    target.copy_(found->second, /*non_blocking=*/true);
    by_name.erase(found);
  }
  if (!by_name.empty())
    throw DataError(
        luvit::str("optimizer state: tensor '", by_name.begin()->first, "' belongs to no trained parameter"));
}

}  // namespace luvit
