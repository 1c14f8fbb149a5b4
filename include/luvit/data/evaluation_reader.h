#pragma once
#include <ATen/core/Tensor.h>

#include <memory>

#include "luvit/data/dataset.h"
#include "luvit/data/transforms.h"

namespace luvit {

// How an image is brought before a model outside training: resized by its shorter side, cut from the centre,
// normalised; equal to Pillow 11.3's to the pixel.
struct EvaluationView {
  std::int64_t resize = 224, crop = 224;  // resize 0: as the file is
  Filter filter = Filter::bicubic;
  std::vector<double> mean, std;
};

// Reads a data set once, in order, on a pool of threads. An unreadable image is a DataError: an evaluation
// over fewer images than it says would be wrong.
class EvaluationReader {
 public:
  struct Batch {
    at::Tensor images;       // float32 [B,3,crop,crop], the last batch may be smaller
    at::Tensor label;        // int64 [B], -1 without labels
    std::int64_t first = 0;  // index of row 0
  };
  // The data set must outlive the reader. Reads samples first … last-1, at most two batches ahead (more only where
  // batches are smaller than the number of threads). workers 0: one a core, less one, at least one.
  EvaluationReader(const Dataset& dataset, const EvaluationView& view, std::int64_t workers, std::int64_t batch,
                   std::int64_t first, std::int64_t last);
  ~EvaluationReader();
  // False at the end. What a thread threw comes out here, the first row's where several failed. The images that `out`
  // held are used again where nobody else holds them.
  bool next(Batch& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace luvit
