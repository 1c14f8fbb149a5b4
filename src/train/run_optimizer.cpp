#include "luvit/train/run_optimizer.h"

#include "luvit/optim/lars.h"
#include "luvit/train/shared_optimizer.h"

namespace luvit {

namespace {

// The same update on all ranks, of the same averaged gradients.
class SameLars : public RunOptimizer {
 public:
  SameLars(Ranks& ranks, std::vector<ParameterGroup> groups) : ranks_(ranks), lars_(std::move(groups)) {}
  void step(double learning_rate, const at::Tensor& found_inf) override { lars_.step(learning_rate, found_inf); }
  void release_grad() override { lars_.release_grad(); }
  const std::vector<ParameterGroup>& groups() const override { return lars_.groups(); }
  AdamW::NamedState state() override { return ranks_.rank() == 0 ? lars_.state() : AdamW::NamedState{}; }
  void load_state(const AdamW::NamedState& whole) override { lars_.load_state(whole); }

 private:
  Ranks& ranks_;
  Lars lars_;
};

}  // namespace

std::unique_ptr<RunOptimizer> make_optimizer(Ranks& ranks, std::vector<ParameterGroup> groups,
                                             const OptimOptions& options, bool in_shares) {
  if (options.kind == OptimKind::lars) return std::make_unique<SameLars>(ranks, std::move(groups));
  return std::make_unique<SharedOptimizer>(ranks, std::move(groups), options, in_shares);
}

}  // namespace luvit
