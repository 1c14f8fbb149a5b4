#pragma once
#include "luvit/train/distill_options.h"
#include "luvit/train/run_config.h"

namespace luvit {

enum class FinetuneTask { classification, linear_probe, detection };

// Everything luvit_finetune's config can say. Defaults are the paper's recipe (PAPER: 100 epochs, batch 1024, base rate
// 1e-3, layer decay 0.75, 5 epochs of warm-up, drop path 0.1, bfloat16), or for task: linear_probe MAE's (main_linprobe
// of its repository: 90 epochs, batch 16384, base rate 0.1 with LARS, 10 epochs of warm-up, no weight decay).
struct FinetuneConfig : RunConfig {
  FinetuneConfig();
  FinetuneTask task = FinetuneTask::classification;
  InitOptions init;
  AugmentOptions augment;
  DistillOptions distill;
};

void declare(Schema& schema, FinetuneConfig& config);
// The rules between keys that hang on no weights and no data.
std::vector<Problem> finetune_problems(const FinetuneConfig& config);

}  // namespace luvit
