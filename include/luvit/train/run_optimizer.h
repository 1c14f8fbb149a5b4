#pragma once
#include <memory>

#include "luvit/distributed/ranks.h"
#include "luvit/optim/adamw.h"

namespace luvit {

// What training needs of an optimizer, whichever it is and whoever keeps its state.
class RunOptimizer {
 public:
  virtual ~RunOptimizer() = default;
  // found_inf as AdamW's: the same on all ranks.
  virtual void step(double learning_rate, const at::Tensor& found_inf) = 0;
  virtual void release_grad() = 0;
  virtual const std::vector<ParameterGroup>& groups() const = 0;
  // The whole state by name, on rank 0, which saves it; nothing on the others. All ranks must call it.
  virtual AdamW::NamedState state() = 0;
  virtual void load_state(const AdamW::NamedState& whole) = 0;
};

// Of options.kind. in_shares: each rank keeps a share of the state (AdamW's).
std::unique_ptr<RunOptimizer> make_optimizer(Ranks& ranks, std::vector<ParameterGroup> groups,
                                             const OptimOptions& options, bool in_shares);

}  // namespace luvit
