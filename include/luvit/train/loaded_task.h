#pragma once
#include "luvit/train/driver.h"
#include "luvit/train/run_config.h"

namespace luvit {

// A task whose batches come from data.train, by the loader.
class LoadedTask : public Task {
 public:
  LoadedTask(const RunConfig& config, const TaskParts& parts, LoaderOptions loading);

  std::int64_t steps_per_epoch() const override;
  void start(std::int64_t first, std::int64_t last) override;
  double waited_seconds() const override { return loader_ ? loader_->waited_seconds() : 0; }

 protected:
  const Batch& next() { return loader_->next(); }
  at::Device device() const { return with_.device; }
  std::uint64_t epoch_of(std::int64_t step) const;  // from 0: what draws are a function of
  at::Tensor on_device(const at::Tensor& rows) const { return rows.to(with_.device, /*non_blocking=*/true); }

  TaskParts with_;
  Precision precision_;
  std::uint64_t seed_;

 private:
  std::int64_t batch_size_;
  LoaderOptions loading_;
  std::optional<Loader> loader_;  // from start() on: its buffers are large
};

}  // namespace luvit
