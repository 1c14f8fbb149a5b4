#include "luvit/train/loaded_task.h"

namespace luvit {

LoadedTask::LoadedTask(const RunConfig& config, const TaskParts& parts, LoaderOptions loading)
    : with_(parts),
      precision_(config.train.precision),
      seed_(config.train.seed),
      batch_size_(config.train.batch_size),
      loading_(std::move(loading)) {}

std::int64_t LoadedTask::steps_per_epoch() const {
  return Loader::steps_per_epoch(with_.train->size(), batch_size_);
}

void LoadedTask::start(std::int64_t first, std::int64_t last) {
  loader_.emplace(with_.train, loading_, with_.on_bad);
  loader_->start(first, last);
}

std::uint64_t LoadedTask::epoch_of(std::int64_t step) const {
  return static_cast<std::uint64_t>((step - 1) / steps_per_epoch());
}

}  // namespace luvit
