#include "labelled_batch.h"

#include <ATen/ATen.h>

namespace luvit {

StepBatch labelled_batch(const Batch& batch) {
  return {
      {{"images", batch.images}, {"targets", batch.targets}, {"index", batch.index}}, batch.images.size(0), batch.step};
}

StepBatch labelled_stand_in(const ModelOptions& model, std::int64_t rows) {
  return {{{"images", repeated_zeros(rows, {3, model.image_size, model.image_size})},
           {"targets", repeated_zeros(rows, {model.classes})},
           {"index", at::zeros({rows}, at::kLong)}},
          rows,
          /*step=*/1};
}

}  // namespace luvit
