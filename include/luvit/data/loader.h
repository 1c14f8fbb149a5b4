#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>

#include "luvit/data/dataset.h"
#include "luvit/data/options.h"

namespace luvit {

// One rank's part of a global batch, in the permutation's order.
struct Batch {
  at::Tensor images;       // float32 [B,3,S,S], pinned where CUDA is used
  at::Tensor noise;        // float32 [B,L] (pretraining)
  at::Tensor index;        // int64 [B]: place in the data set of the sample that was used
  at::Tensor label;        // int64 [B], -1 without labels; of the image before it is mixed
  at::Tensor targets;      // float32 [B,classes]: smoothed and mixed (classification)
  std::int64_t step = 0;   // from 1
  std::int64_t first = 0;  // position of row 0 in the global batch
};

struct BadFile {
  std::string name, reason;
  std::int64_t index;
  double epoch;
};

// What to load for step s, wherever training starts: a pure function of (seed, s).
struct LoaderOptions {
  std::int64_t global_batch = 1;
  std::int64_t rank_first = 0, rank_count = 1;  // this rank's rows of the global batch
  std::int64_t image_size = 224, patches = 196;
  std::int64_t workers = 1;
  std::int64_t prefetch = 2;  // batches in flight
  std::uint64_t seed = 0;
  bool noise = true;
  bool pinned = false;
  AugmentOptions augment = only_crop({});
  // > 0: targets are made, and DataError comes out of next() for a sample whose label is not below it. Only then are
  // images mixed; rank_first and rank_count are multiples of mix_group() (mixing.h), std::logic_error otherwise.
  std::int64_t classes = 0;
  DataOptions data;
  std::vector<std::int64_t> known_bad;  // places counted by earlier starts of the run
};

// A pool of threads fills batch buffers sample by sample, in any order; what is in a batch does not depend on it.
// An unreadable image is replaced by a sample that is a function of (seed, epoch, index, try) and reported once
// through on_bad; more than max_bad of them raise DataError in next(). An exception in a worker comes out of
// next(), nothing hangs.
class Loader {
 public:
  Loader(std::shared_ptr<const Dataset> dataset, LoaderOptions options, std::function<void(const BadFile&)> on_bad);
  ~Loader();
  void start(std::int64_t first_step, std::int64_t last_step);  // steps count from 1, last included
  // Blocks until the next step's batch is whole. The batch is valid until the call after the next one
  // (buffers are a ring of prefetch + 2). `waited` seconds are added up in waited_seconds().
  const Batch& next();
  double waited_seconds() const;
  std::int64_t bad_count() const;
  static std::int64_t steps_per_epoch(std::int64_t samples, std::int64_t global_batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The samples that step `step` draws, in the global batch's order: no data read. Used by tests and --dry-run.
std::vector<std::int64_t> sample_order(std::int64_t samples, std::int64_t global_batch, std::uint64_t seed,
                                       std::int64_t step);

}  // namespace luvit
