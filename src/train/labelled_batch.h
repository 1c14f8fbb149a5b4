#pragma once
#include "luvit/data/loader.h"
#include "luvit/models/options.h"
#include "luvit/train/task.h"

namespace luvit {

// A batch with soft targets [B,classes], and rows for a plan's.
StepBatch labelled_batch(const Batch& batch);
StepBatch labelled_stand_in(const ModelOptions& model, std::int64_t rows);

}  // namespace luvit
