#pragma once
#include <string>
#include <utility>
#include <vector>

#include "luvit/optim/partition.h"

namespace luvit {

// AdamW (Loshchilov & Hutter 2019) by ATen's fused operator, one call a group, state keyed by parameter name.
// Nothing is read back from the device. The groups' tensors must be in their final place (device, type) when the
// optimizer is made; parameters without a gradient are left alone. Made for part `part` of `parts`, it keeps the state
// of its pieces and updates them only.
class AdamW {
 public:
  using NamedState = std::vector<std::pair<std::string, at::Tensor>>;

  AdamW(std::vector<ParameterGroup> groups, const OptimOptions& options, std::int64_t part = 0, std::int64_t parts = 1);

  // One update with each group's learning_rate × lr_scale. grad_scale and found_inf are [] float32 on the device, as
  // torch's GradScaler hands them: gradients are divided by grad_scale, found_inf = 1 leaves parameters, moments and
  // steps as they are. Undefined: none.
  void step(double learning_rate, const at::Tensor& grad_scale = {}, const at::Tensor& found_inf = {});

  void zero_grad();     // keeps the buffers: the next backward adds into them
  void release_grad();  // gives the buffers back: less memory in the forward pass, no adding in the backward pass

  // "NAME.exp_avg", "NAME.exp_avg_sq" and "NAME.step" ([] float32) for each parameter; shares the storage. Of a whole
  // optimizer: a part's state has no names of its own.
  NamedState state() const;
  // Copies from the state of a whole optimizer; DataError on a missing, surplus or misshapen tensor.
  void load_state(const NamedState& whole);

  const std::vector<ParameterGroup>& groups() const { return groups_; }

  // What is kept of one piece; exp_avg and exp_avg_sq are shaped as the parameter where the piece is all of it, else
  // flat. `values` shares the parameter's storage.
  struct PieceState {
    Piece piece;
    at::Tensor values, exp_avg, exp_avg_sq, step;
  };
  const std::vector<PieceState>& pieces() const { return pieces_; }

 private:
  at::Tensor gradient_of(const PieceState& state) const;
  const NamedTensor& parameter_of(const Piece& piece) const { return groups_[piece.group].parameters[piece.parameter]; }

  std::vector<ParameterGroup> groups_;
  std::vector<PieceState> pieces_;  // in the groups' order
  std::int64_t parts_;
  OptimOptions options_;
};

}  // namespace luvit
