#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace luvit {

// Stochastic depth (Huang et al. 2016) as timm's: each of a block's two branches is left out for a sample with a
// probability that rises linearly from 0 in the first block to `rate` in the last.
double keep_probability(double rate, std::int64_t block, std::int64_t depth);

// Fills masks [depth,2,B] (float32, on the host; attention's branch first) with 1 for a branch that is kept, else 0:
// a function of (seed, epoch, sample) for each of the samples int64 [B].
void draw_drop_path(at::Tensor& masks, double rate, std::uint64_t seed, std::uint64_t epoch, const at::Tensor& samples);

}  // namespace luvit
