#include "luvit/data/loader_speed.h"

#include <chrono>

#include "worker_threads.h"

namespace luvit {

LoaderSpeed measure_loader(const LoaderSpeedOptions& options) {
  LoaderOptions loading;
  loading.global_batch = loading.rank_count = options.batch;
  loading.image_size = options.image_size;
  loading.workers = options.workers > 0 ? options.workers : default_workers();
  loading.patches = options.patches;
  loading.noise = options.patches > 0;
  loading.augment = options.augment;
  loading.classes = options.classes;
  loading.data = options.data;
  Loader loader(open_dataset(options.sources, /*labels_wanted=*/options.classes > 0), loading, {});

  const std::int64_t steps = (options.images_a_repeat + options.batch - 1) / options.batch;
  // The ring is full when a repeat begins and when it ends, so each repeat makes as many images as it takes.
  const std::int64_t fill = loading.prefetch + 2;
  const std::int64_t rounds = options.warmup + options.repeats;
  loader.start(1, rounds * steps + 2 * fill);
  for (std::int64_t i = 0; i < fill; ++i) loader.next();
  LoaderSpeed speed;
  speed.images = steps * options.batch;
  speed.workers = loading.workers;
  for (std::int64_t round = 0; round < rounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < steps; ++i) loader.next();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    if (round >= options.warmup) speed.seconds.push_back(taken.count());
  }
  return speed;
}

}  // namespace luvit
