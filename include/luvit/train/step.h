#pragma once
#include <functional>

#include "luvit/optim/gradient_noise.h"
#include "luvit/optim/gradients.h"
#include "luvit/train/run_optimizer.h"
#include "luvit/train/task.h"

namespace luvit {

// What each rank tells all others in a step; the order of the numbers in StepNumbers::of_ranks, where the loss's parts
// follow.
struct RankNumbers {
  double loss = 0;       // mean over the rank's rows
  double bad_loss = 0;   // 1 where it is not finite
  double stop = 0;       // 1 where the rank was asked to stop
  double bad_files = 0;  // found and not yet told
  double seconds = 0;    // of the step before, waits for others excluded
  static constexpr std::int64_t count = 5;
};

// What a step tells about itself, on the device and the same on all ranks.
struct StepNumbers {
  at::Tensor of_ranks;                // [ranks, RankNumbers::count + parts]
  at::Tensor grad_norm;               // [], before clipping, as all below
  at::Tensor bad_gradient;            // 1 where not finite: there was no update, nor after a loss that was not
  at::Tensor scale_used, scale_next;  // float16's loss scale, else 0
};

// One update from one batch: forward and backward over its micro-batches, gradients averaged over the ranks while the
// last backward pass runs, clipping, AdamW. Each micro-batch's mean loss weighs as much as its share of the rows.
// Nothing is read back (the step also runs on the meta device, where a read-back throws).
class TrainingStep {
 public:
  struct Options {
    std::int64_t micro_batch = 1;
    std::optional<double> clip_grad;
    Compression compression = Compression::none;
  };
  TrainingStep(Task& task, RunOptimizer& optimizer, LossScale& scale, Ranks& ranks, Options options);

  // Of `own`, stop, bad_files and seconds are sent. before_backward is called once, when the first forward pass is
  // under way (on a CPU: before it) and before the gradients of the step before are overwritten.
  StepNumbers operator()(const StepBatch& batch, double learning_rate, const RankNumbers& own,
                         const std::function<void()>& before_backward);
  // This rank's own gradients of a batch, reduced with no others': whether they and the loss are finite. (Reads back.)
  bool own_gradients_finite(const StepBatch& batch);
  // Mean and variance over samples of the gradients of all ranks' parts of a batch, at the weights as they are. Leaves
  // no gradients behind; a step on the same batch is the same before and after. Its samples must not be mixed.
  GradientNoise gradient_noise(const StepBatch& batch, std::int64_t micro_batch);
  // Of the averaged gradients, as they travel.
  std::vector<std::int64_t> bucket_bytes() const { return reduction_->bucket_bytes(); }

 private:
  at::Tensor accumulate(const StepBatch& batch, bool reduce, const std::function<void()>& before_backward);
  at::Tensor tell_all(const at::Tensor& losses, const RankNumbers& own);
  StepNumbers update(const at::Tensor& of_ranks, double learning_rate);

  Task& task_;
  RunOptimizer& optimizer_;
  LossScale& scale_;
  Ranks& ranks_;
  Options options_;
  std::vector<at::Tensor> parameters_;
  std::unique_ptr<GradientReduction> reduction_;
};

}  // namespace luvit
