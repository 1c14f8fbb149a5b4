#pragma once
#include "luvit/models/mae.h"
#include "luvit/train/pretrain_config.h"
#include "luvit/train/resume.h"

namespace luvit {

// A run's first weights: initial values by (seed, name), over them the frozen block and, where named, an adapter.
// From a checkpoint only the block is needed (the rest is restored); DataError unless it is the one the run began with.
FrozenReference give_weights(MaskedAutoencoder& model, const PretrainConfig& config, const ResumePoint* point);

}  // namespace luvit
