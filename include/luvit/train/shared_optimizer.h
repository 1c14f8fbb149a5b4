#pragma once
#include <vector>

#include "luvit/distributed/ranks.h"
#include "luvit/optim/adamw.h"

namespace luvit {

// AdamW of all ranks together. Each keeps the whole state and makes the same update; or (ZeRO-1, Rajbhandari et al.
// 2020) each keeps a share of the state, updates that share of the weights, and the shares are joined: the same weights
// for a part of the memory.
class SharedOptimizer {
 public:
  SharedOptimizer(Ranks& ranks, std::vector<ParameterGroup> groups, const OptimOptions& options, bool in_shares);

  // found_inf as AdamW's: the same on all ranks.
  void step(double learning_rate, const at::Tensor& found_inf);
  void release_grad() { own_.release_grad(); }
  const std::vector<ParameterGroup>& groups() const { return own_.groups(); }

  // The whole state by name, whoever keeps it; shares are put together on the CPU. All ranks must call it.
  AdamW::NamedState state();
  void load_state(const AdamW::NamedState& whole) { own_.load_state(whole); }

 private:
  using Shares = std::vector<at::Tensor>;  // of each rank, flat
  bool in_shares() const { return pieces_.size() > 1; }
  Shares join(const std::vector<at::Tensor>& own, const at::Tensor& packed);
  void spread_weights();

  Ranks& ranks_;
  AdamW own_;
  std::vector<std::vector<Piece>> pieces_;  // of each rank that keeps a share
  std::int64_t longest_ = 0, most_pieces_ = 0;
  at::Tensor packed_;  // this rank's share, as it is sent
};

}  // namespace luvit
