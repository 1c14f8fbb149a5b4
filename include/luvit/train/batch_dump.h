#pragma once
#include "luvit/train/task.h"

namespace luvit {

struct StepFacts {
  std::int64_t step = 0;
  double epoch = 0, lr = 0, loss = 0;
  std::vector<double> loss_parts;  // as the task names them
};

// batches/step-%06d.safetensors: what a rank consumed in a step, with step, epoch, lr and loss as decimal strings.
void dump_batch(const fs::path& path, const StepBatch& batch, const StepFacts& facts);

// Where a step's batch and report of a non-finite loss or gradient go: nonfinite/step-%06d-rank-%d.{safetensors,json}.
// The report holds step, epoch, loss, sample indices and the gradient norms by layer.
void report_nonfinite(const fs::path& folder, const StepBatch& batch, const StepFacts& facts, std::int64_t rank,
                      Module& model);

}  // namespace luvit
