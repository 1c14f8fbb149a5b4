#pragma once
#include <vector>

#include "luvit/train/run_optimizer.h"

namespace luvit {

// AdamW of all ranks together. Each keeps the whole state and makes the same update; or (ZeRO-1, Rajbhandari et al.
// 2020) each keeps a share of the state, updates that share of the weights, and the shares are joined: the same weights
// for a part of the memory.
class SharedOptimizer : public RunOptimizer {
 public:
  SharedOptimizer(Ranks& ranks, std::vector<ParameterGroup> groups, const OptimOptions& options, bool in_shares);

  void step(double learning_rate, const at::Tensor& found_inf) override;
  void release_grad() override { own_.release_grad(); }
  const std::vector<ParameterGroup>& groups() const override { return own_.groups(); }
  // Shares are put together on the CPU.
  AdamW::NamedState state() override;
  void load_state(const AdamW::NamedState& whole) override { own_.load_state(whole); }

 private:
  using Shares = std::vector<at::Tensor>;  // of each rank, flat
  bool in_shares() const { return pieces_.size() > 1; }
  Shares join(const std::vector<at::Tensor>& own, const at::Tensor& packed);
  void spread_weights();
  std::vector<at::Tensor> joined(at::Tensor AdamW::PieceState::*kind);

  Ranks& ranks_;
  AdamW own_;
  std::vector<std::vector<Piece>> pieces_;  // of each rank that keeps a share
  std::int64_t longest_ = 0, most_pieces_ = 0;
  at::Tensor packed_;  // this rank's share, as it is sent
};

}  // namespace luvit
