#include "luvit/optim/lars.h"

#include <ATen/ATen.h>

#include <map>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

at::Tensor scaled_gradient(const at::Tensor& weight, double weight_decay) {
  const at::Tensor gradient = weight_decay == 0 ? weight.grad() : weight.grad().add(weight, weight_decay);
  if (weight.dim() < 2) return weight.grad();
  const at::Tensor of_weight = weight.norm(), of_gradient = gradient.norm();
  const at::Tensor ratio = Lars::trust_coefficient * of_weight / of_gradient;
  const at::Tensor usable = of_weight.gt(0).logical_and(of_gradient.gt(0));
  return gradient * at::where(usable, ratio, at::ones_like(ratio));
}

}  // namespace

Lars::Lars(std::vector<ParameterGroup> groups) : groups_(std::move(groups)) {
  const at::NoGradGuard no_grad;
  for (const ParameterGroup& group : groups_) {
    auto& momenta = momenta_.emplace_back();
    for (const NamedTensor& parameter : group.parameters) momenta.push_back(at::zeros_like(parameter.tensor->detach()));
  }
}

void Lars::step(double learning_rate, const at::Tensor& found_inf) {
  const at::NoGradGuard no_grad;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const double rate = learning_rate * groups_[g].lr_scale;
    for (std::size_t i = 0; i < momenta_[g].size(); ++i) {
      at::Tensor& weight = *groups_[g].parameters[i].tensor;
      if (!weight.grad().defined()) continue;
      const at::Tensor next = momenta_[g][i] * momentum + scaled_gradient(weight, groups_[g].weight_decay);
      if (found_inf.defined()) {
        const at::Tensor bad = found_inf.ne(0);
        weight.sub_(next.masked_fill(bad, 0), rate);
        momenta_[g][i].copy_(at::where(bad, momenta_[g][i], next));
      } else {
        weight.sub_(next, rate);
        momenta_[g][i].copy_(next);
      }
    }
  }
}

void Lars::release_grad() {
  for (const ParameterGroup& group : groups_)
    for (const NamedTensor& parameter : group.parameters) parameter.tensor->mutable_grad().reset();
}

Lars::NamedState Lars::state() const {
  NamedState all;
  for (std::size_t g = 0; g < groups_.size(); ++g)
    for (std::size_t i = 0; i < momenta_[g].size(); ++i)
      all.emplace_back(groups_[g].parameters[i].name + ".mu", momenta_[g][i]);
  return all;
}

void Lars::load_state(const NamedState& whole) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> given(whole.begin(), whole.end());
  for (auto& [name, own] : state()) {
    const auto found = given.find(name);
    if (found == given.end()) throw DataError(luvit::str("optimizer state: tensor '", name, "' is missing"));
    if (found->second.sizes() != own.sizes())
      throw DataError(
          luvit::str("optimizer state: tensor '", name, "' is ", found->second.sizes(), ", expected ", own.sizes()));
    own.copy_(found->second);
    given.erase(found);
  }
  if (!given.empty())
    throw DataError(luvit::str("optimizer state: tensor '", given.begin()->first, "' belongs to no trained parameter"));
}

}  // namespace luvit
