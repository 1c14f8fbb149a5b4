#pragma once
#include "luvit/train/resume.h"
#include "luvit/train/run_config.h"

namespace luvit {

// A run's first weights: initial values by (seed, name); over them those of `from` (transfer_weights; "": none), the
// frozen block and, where named, an adapter. The block is the one in `from`, else fusion.weights'. From a checkpoint
// only the block is needed (the rest is restored); DataError unless it is the one the run began with.
FrozenReference give_weights(Module& model, const RunConfig& config, const std::string& from, const ResumePoint* point);

}  // namespace luvit
