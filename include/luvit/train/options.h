#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "luvit/distributed/device.h"
#include "luvit/models/options.h"

namespace luvit {

struct TrainOptions {
  std::int64_t batch_size = 4096;           // global
  std::optional<std::int64_t> micro_batch;  // the most a rank holds at once; accumulation follows
  std::optional<double> epochs;             // one of the two; neither: the recipe's epochs
  std::optional<std::int64_t> steps;
  std::optional<std::int64_t> stop_after_steps;
  Precision precision = Precision::bfloat16;
  std::optional<double> ema;  // decay of a running average of the weights
  std::uint64_t seed = 0;
  DeviceChoice device = DeviceChoice::automatic;
  std::int64_t threads = 0;  // 0: all cores
};

struct LogOptions {
  std::int64_t every = 20;
};

struct CheckpointOptions {
  std::optional<std::int64_t> every_steps;
  double every_epochs = 1;
  std::int64_t keep = 2;
};

// The gradient signal-to-noise ratio during training, of single steps' micro-batches.
struct GsnrOptions {
  std::optional<std::int64_t> every_steps;  // none: never
  std::int64_t micro_batch = 8;             // samples whose mean gradient is one draw
};

struct EvalOptions {
  double every_epochs = 20;
};

}  // namespace luvit
