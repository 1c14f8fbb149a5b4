#pragma once
#include "luvit/config/bindings.h"
#include "luvit/config/schema.h"
#include "luvit/data/options.h"
#include "luvit/models/options.h"
#include "luvit/optim/options.h"
#include "luvit/train/options.h"

namespace luvit {

struct InitOptions {
  std::string weights;  // a weights file or a checkpoint folder; "": from scratch
};

// What the config of every driver says; each adds its own.
struct RunConfig {
  ModelOptions model;
  DataOptions data;
  OptimOptions optim;
  TrainOptions train;
  LogOptions log;
  CheckpointOptions checkpoint;
  EvalOptions eval;
  GsnrOptions gsnr;
  DistributedOptions distributed;
};

// Declares `model`, `data`, `optim`, `train`, `log`, `checkpoint`, `eval`, `gsnr` and `distributed`.
void declare_run(Schema& schema, RunConfig& config);
// The rules between these keys that hang on no weights, so that a config's mistakes come before any file is opened.
std::vector<Problem> run_problems(const RunConfig& config);
// Of the ViT's own sizes, where they are the config's and no weights'.
std::vector<Problem> vit_problems(const ModelOptions& model);
// Those that a number of ranks adds: each has whole micro-batches of gsnr.micro_batch.
std::vector<Problem> gsnr_problems_of_ranks(const RunConfig& config, std::int64_t ranks);
// Sizes of the fusion that nobody wrote come from fusion.weights. DataError where a written one contradicts them.
void settle_fusion_with_weights(FusionOptions& fusion, const Written& written);

// Keys that may differ from a checkpoint's config on resume, besides those the user names.
bool may_change_on_resume(const std::string& key);

// Number of training steps for a data set of this size; DataError when it is smaller than a batch.
struct Length {
  std::int64_t steps_per_epoch = 0, steps = 0;
  double epochs = 0;
};
Length training_length(const TrainOptions& train, std::int64_t samples);

}  // namespace luvit
