#include "luvit/train/driver.h"

#include <limits>

namespace luvit {

LoaderOptions loader_options(const RunConfig& config, const TaskParts& parts) {
  LoaderOptions loader;
  loader.global_batch = config.train.batch_size;
  loader.rank_first = parts.rows * parts.team.rank();
  loader.rank_count = parts.rows;
  loader.image_size = config.model.image_size;
  loader.patches = config.model.patches();
  loader.workers = parts.workers;
  loader.seed = config.train.seed;
  loader.pinned = parts.device.is_cuda();
  loader.data = config.data;
  loader.data.max_bad = std::numeric_limits<std::int64_t>::max();  // BadFiles counts those of all ranks
  return loader;
}

Preprocess training_preprocess(const RunConfig& config) {
  return {.resize = config.model.image_size,
          .crop = config.model.image_size,
          .mean = config.data.mean,
          .std = config.data.std};
}

}  // namespace luvit
