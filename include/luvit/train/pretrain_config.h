#pragma once
#include "luvit/config/bindings.h"
#include "luvit/config/schema.h"
#include "luvit/data/options.h"
#include "luvit/models/options.h"
#include "luvit/optim/options.h"
#include "luvit/train/options.h"

namespace luvit {

// Everything luvit_pretrain's config can say. Defaults are the paper's recipe (PAPER: 800 epochs, batch 4096, base
// rate 1.5e-4, 40 epochs of warm-up, bfloat16).
struct PretrainConfig {
  ModelOptions model;
  MaskingOptions mae;
  DataOptions data;
  CropOptions augment;
  OptimOptions optim;
  TrainOptions train;
  LogOptions log;
  CheckpointOptions checkpoint;
  EvalOptions eval;
  DistributedOptions distributed;
};

void declare(Schema& schema, PretrainConfig& config);

// Reads a config and its overrides; UsageError for whatever is wrong with single keys.
Written read_pretrain_config(Schema& schema, PretrainConfig& config, const std::string& path,
                             const std::vector<std::string>& overrides);
// Sizes that nobody wrote come from fusion.weights. DataError where a written one contradicts them.
void settle_with_weights(PretrainConfig& config, const Written& written);
// The rules between keys, weights settled in between: UsageError or DataError; nothing heavy is done.
void check(PretrainConfig& config, const Written& written);

// Keys that may differ from a checkpoint's config on resume, besides those the user names.
bool may_change_on_resume(const std::string& key);

// Number of training steps for a data set of this size; DataError when it is smaller than a batch.
struct Length {
  std::int64_t steps_per_epoch = 0, steps = 0;
  double epochs = 0;
};
Length training_length(const TrainOptions& train, std::int64_t samples);

}  // namespace luvit
