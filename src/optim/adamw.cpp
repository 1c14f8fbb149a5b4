#include "luvit/optim/adamw.h"

#include <ATen/ATen.h>

#include <map>

#include "adamw_update.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

// The piece's elements of a tensor as large as its parameter; the tensor itself where that is all of them.
at::Tensor cut(const at::Tensor& whole, const Piece& piece) {
  return piece.count == whole.numel() ? whole : whole.reshape(-1).narrow(0, piece.first, piece.count);
}

}  // namespace

AdamW::AdamW(std::vector<ParameterGroup> groups, const OptimOptions& options, std::int64_t part, std::int64_t parts)
    : groups_(std::move(groups)), parts_(parts), options_(options) {
  if (options_.betas.size() != 2)
    throw UsageError(luvit::str("optim.betas has ", options_.betas.size(), " values, expected 2"));
  const at::NoGradGuard no_grad;
  for (const Piece& piece : pieces_of_part(groups_, part, parts)) {
    const at::Tensor values = cut(*parameter_of(piece).tensor, piece);
    const at::Tensor zeros = at::zeros_like(values, at::TensorOptions().requires_grad(false));
    const at::Tensor step = at::zeros({}, values.options().dtype(at::kFloat).requires_grad(false));
    pieces_.push_back({piece, values, zeros, at::zeros_like(zeros), step});
  }
}

at::Tensor AdamW::gradient_of(const PieceState& state) const {
  const at::Tensor& gradient = parameter_of(state.piece).tensor->grad();
  return gradient.defined() ? cut(gradient, state.piece) : gradient;
}

void AdamW::step(double learning_rate, const at::Tensor& grad_scale, const at::Tensor& found_inf) {
  const at::NoGradGuard no_grad;
  std::vector<AdamWUpdate> updates(groups_.size());
  for (const PieceState& state : pieces_) {
    const at::Tensor gradient = gradient_of(state);
    if (!gradient.defined()) continue;
    AdamWUpdate& update = updates[state.piece.group];
    update.parameters.push_back(state.values);
    update.gradients.push_back(gradient);
    update.exp_avg.push_back(state.exp_avg);
    update.exp_avg_sq.push_back(state.exp_avg_sq);
    update.steps.push_back(state.step);
  }
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    AdamWUpdate& update = updates[i];
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
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const ParameterGroup& group : groups_)
    for (const NamedTensor& parameter : group.parameters)
      if (parameter.tensor->grad().defined()) gradients.push_back(parameter.tensor->grad());
  if (!gradients.empty()) at::_foreach_zero_(gradients);
}

void AdamW::release_grad() {
  for (const ParameterGroup& group : groups_)
    for (const NamedTensor& parameter : group.parameters) parameter.tensor->mutable_grad().reset();
}

AdamW::NamedState AdamW::state() const {
  if (parts_ != 1) throw std::logic_error("AdamW::state of a part");
  NamedState all;
  for (const PieceState& state : pieces_) {
    const std::string& name = parameter_of(state.piece).name;
    all.emplace_back(name + ".exp_avg", state.exp_avg);
    all.emplace_back(name + ".exp_avg_sq", state.exp_avg_sq);
    all.emplace_back(name + ".step", state.step);
  }
  return all;
}

void AdamW::load_state(const NamedState& whole) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> by_name(whole.begin(), whole.end());
  const auto take = [&](const std::string& name, at::IntArrayRef sizes, at::ScalarType type) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) throw DataError(luvit::str("optimizer state: tensor '", name, "' is missing"));
    const at::Tensor tensor = found->second;
    if (tensor.sizes() != sizes || tensor.scalar_type() != type)
      throw DataError(luvit::str("optimizer state: tensor '", name, "' is ", tensor.scalar_type(), " ", tensor.sizes(),
                                 ", expected ", type, " ", sizes));
    by_name.erase(found);
    return tensor;
  };
  struct Given {
    at::Tensor exp_avg, exp_avg_sq, step;
  };
  std::vector<std::vector<Given>> given;
  for (const ParameterGroup& group : groups_) {
    auto& of_group = given.emplace_back();
    for (const auto& [name, tensor, role] : group.parameters) {
      Given& one = of_group.emplace_back();
      one.exp_avg = take(name + ".exp_avg", tensor->sizes(), tensor->scalar_type());
      one.exp_avg_sq = take(name + ".exp_avg_sq", tensor->sizes(), tensor->scalar_type());
      one.step = take(name + ".step", {}, at::kFloat);
    }
  }
  if (!by_name.empty())
    throw DataError(
        luvit::str("optimizer state: tensor '", by_name.begin()->first, "' belongs to no trained parameter"));
  for (PieceState& state : pieces_) {
    const Given& from = given[state.piece.group][state.piece.parameter];
    state.exp_avg.copy_(cut(from.exp_avg, state.piece), /*non_blocking=*/true);
    state.exp_avg_sq.copy_(cut(from.exp_avg_sq, state.piece), /*non_blocking=*/true);
    state.step.copy_(from.step, /*non_blocking=*/true);
  }
}

}  // namespace luvit
