#pragma once
#include <optional>

#include "luvit/data/dataset.h"
#include "luvit/data/loader.h"
#include "luvit/data/pixel_ops.h"
#include "luvit/data/transforms.h"

namespace luvit {

// Where one row of a batch goes.
struct Row {
  float* image = nullptr;  // 3·S·S
  float* noise = nullptr;  // L; nullptr where no mask is wanted
  std::int64_t* index = nullptr;
  std::int64_t* label = nullptr;
  float* target = nullptr;  // classes; nullptr where none is wanted
};

// Makes samples: read, crop, decode, resize, flip, RandAugment, normalise, erase. Stateless between samples, so any
// thread can make any.
class SampleMaker {
 public:
  SampleMaker(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options);
  // Fills `row` with the sample at `index` of `epoch`, or with its replacement where it cannot be read; then the
  // unreadable ones are appended to `bad`, in the order of the tries.
  void make(std::int64_t epoch, std::int64_t index, const Row& row, std::vector<BadFile>& bad) const;

 private:
  void image(std::int64_t epoch, std::int64_t drawn, std::int64_t index, float* out) const;
  void rand_augment(Random random, Image& image, Image& other) const;
  void target(std::int64_t label, std::int64_t index, float* out) const;

  std::shared_ptr<const Dataset> dataset_;
  LoaderOptions options_;
  Normaliser normaliser_;
  Fill fill_;
};

}  // namespace luvit
