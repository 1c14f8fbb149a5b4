#pragma once
#include <optional>
#include <string>
#include <vector>

#include "luvit/data/dataset.h"
#include "luvit/train/driver.h"
#include "luvit/train/gpu.h"
#include "luvit/train/summary.h"

namespace luvit {

// What one of many ranks will do and hold, found without the others and without a GPU.
struct Plan {
  std::int64_t ranks = 1, rank = 0;                           // rank: the one that was looked at
  std::int64_t rows = 0, micro_batch = 0, micro_batches = 0;  // of a rank, in a step
  std::vector<std::int64_t> bucket_bytes;                     // of gradients, as they travel
  // Bytes on a rank's device. The optimizer's state: whole, and the largest share of it.
  std::int64_t weights = 0, gradients = 0, whole_state = 0, shared_state = 0;
  std::int64_t state = 0;        // the one of the two that the config asks for
  std::int64_t activations = 0;  // all that a step takes besides, at its fullest moment
  std::int64_t total() const { return weights + gradients + state + activations; }
};

// Runs the first steps of the rank with the largest share on the meta device: the real model, step and optimizer, with
// tensors that have sizes but no values, and counts what they allocate, as they would on a GPU. Workspaces of kernels
// and the CUDA context, about 1 GB together, come on top.
Plan make_plan(const Driver& driver, const std::shared_ptr<const Dataset>& data, std::int64_t ranks);

// With a GPU also hours, at some shares of its peak.
std::string plan_text(const RunSummary& run, const Plan& plan, const std::optional<Gpu>& gpu, Precision precision);
// Prints it; warns where the GPU's memory will not do.
void tell_plan(const RunSummary& run, const Plan& plan, const std::optional<Gpu>& gpu, Precision precision);

}  // namespace luvit
