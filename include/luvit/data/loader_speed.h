#pragma once
#include <vector>

#include "luvit/data/loader.h"

namespace luvit {

// How fast batches come when nothing else is done with them.
struct LoaderSpeed {
  std::vector<double> seconds;  // of each repeat
  std::int64_t images = 0;      // in each repeat
  std::int64_t workers = 0;
};

// Reads `sources` as training does, `warmup` + `repeats` times over at least `images_a_repeat` images, and times whole
// batches of `batch`: with noise for the masks of `patches` patches (0: none), with targets of `classes` classes where
// that is above 0. Of `data`, mean, std and max_bad count. workers 0: one a core, less one.
struct LoaderSpeedOptions {
  std::vector<std::string> sources;
  std::int64_t batch = 64, workers = 1, image_size = 224, patches = 196;
  std::int64_t warmup = 1, repeats = 5, images_a_repeat = 1024;
  std::int64_t classes = 0;
  AugmentOptions augment = only_crop({});
  DataOptions data;
};
LoaderSpeed measure_loader(const LoaderSpeedOptions& options);

}  // namespace luvit
