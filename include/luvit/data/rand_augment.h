#pragma once
#include <optional>

#include "luvit/core/random.h"
#include "luvit/data/options.h"
#include "luvit/data/pixel_ops.h"

// What RandAugment draws, apart from what it does to pixels: timm's `rand-mM-mstdS-inc1` (its data/auto_augment.py;
// Cubuk et al., "RandAugment", 2020).
namespace luvit {

struct DrawnOp {
  PixelOp op;
  double argument;  // as apply() takes it
};

// One of an image's operations: one of the 15, applied with probability 1/2 (nullopt: not), at a magnitude
// N(options.magnitude, options.std) within 0 … 10, with a fair sign where it has one.
std::optional<DrawnOp> draw_op(Random& random, const RandAugmentOptions& options);

// The argument at a magnitude of 0 … 10; `negative` turns the direction of those that have one.
double op_argument(PixelOp op, double magnitude, bool negative);

}  // namespace luvit
