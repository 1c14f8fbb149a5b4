#pragma once
#include <optional>

#include "luvit/core/random.h"
#include "luvit/data/image.h"
#include "luvit/data/options.h"

// Mixup, CutMix and smoothed targets as in timm's data/mixup.py, mode "batch", whose batch is here a group of
// consecutive samples of the global batch: the mix does not depend on the number of ranks.
namespace luvit {

// How many samples share one mix, at most the batch; 1 where nothing is mixed. A rank's share must be a multiple.
std::int64_t mix_group(const MixOptions& options, std::int64_t global_batch);

// The one of a group. Each image is mixed with its partner, the group in reverse order.
struct Mix {
  double own = 1;          // λ, the share of an image's own class; CutMix's is that of the area outside the box
  std::optional<Box> box;  // CutMix: taken from the partner; Mixup: none, every pixel is λ·own + (1 − λ)·partner's
};
Mix draw_mix(Random& random, const MixOptions& options, std::int64_t height, std::int64_t width);
// The square-like box that a drawn λ and a centre give, cut to the image.
Box cutmix_box(double own, std::int64_t centre_y, std::int64_t centre_x, std::int64_t height, std::int64_t width);

// 1 − s + s/K for the label, s/K for the other classes, in out[classes].
void write_target(std::int64_t label, double smoothing, float* out, std::int64_t classes);

// Mixes two partners, each with the other: images [3,height,width], targets [classes]. The same row twice is left as it
// is: it is its own partner.
void mix_images(const Mix& mix, float* first, float* second, std::int64_t height, std::int64_t width);
void mix_targets(const Mix& mix, float* first, float* second, std::int64_t classes);

}  // namespace luvit
