#pragma once
#include "luvit/train/distill_options.h"
#include "luvit/train/run_config.h"

namespace luvit {

// Everything luvit_pretrain's config can say. Defaults are the paper's recipe (PAPER: 800 epochs, batch 4096, base
// rate 1.5e-4, 40 epochs of warm-up, bfloat16).
struct PretrainConfig : RunConfig {
  MaskingOptions mae;
  CropOptions augment;
  InitOptions init;  // of a student
  DistillOptions distill;
};

}  // namespace luvit
