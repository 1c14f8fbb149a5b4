#pragma once
#include <functional>

#include "luvit/optim/adamw.h"
#include "luvit/optim/gradients.h"
#include "luvit/train/task.h"

namespace luvit {

// What a step tells about itself, [] tensors on the device.
struct StepNumbers {
  at::Tensor loss;                    // mean over the rows
  at::Tensor grad_norm;               // before clipping
  at::Tensor bad_loss, bad_gradient;  // 1 where not finite: there was no update
  at::Tensor scale_used, scale_next;  // float16's loss scale, else 0
};

// One update from one batch: forward and backward over its micro-batches, clipping, AdamW. Each micro-batch's mean
// loss weighs as much as its share of the rows. Nothing is read back (the step also runs on the meta device, where
// a read-back throws). before_backward is called once, when the first forward pass is under way (on a CPU: before it)
// and before the gradients of the step before are overwritten.
class TrainingStep {
 public:
  TrainingStep(Task& task, AdamW& optimizer, LossScale& scale, std::int64_t micro_batch,
               std::optional<double> clip_grad);
  StepNumbers operator()(const StepBatch& batch, double learning_rate, const std::function<void()>& before_backward);

 private:
  at::Tensor accumulate(const StepBatch& batch, const std::function<void()>& before_backward);
  StepNumbers update(const at::Tensor& loss, double learning_rate);

  Task& task_;
  AdamW& optimizer_;
  LossScale& scale_;
  std::int64_t micro_batch_;
  std::optional<double> clip_grad_;
  std::vector<at::Tensor> parameters_;
};

}  // namespace luvit
