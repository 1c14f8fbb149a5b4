#pragma once
#include <optional>

#include "luvit/core/random.h"
#include "luvit/data/image.h"

// Random erasing (Zhong et al., 2020) as timm's data/random_erasing.py does it in mode "pixel", one box an image.
namespace luvit {

// The box, with the probability given; none also where ten tries did not fit.
std::optional<Box> draw_erasing(Random& random, double probability, std::int64_t height, std::int64_t width);
// Its size for a share of the area and an aspect (height / width here, other than a crop's); none where it is not
// smaller than the image both ways.
std::optional<ImageSize> erasing_size(std::int64_t height, std::int64_t width, double share, double aspect);

// N(0, 1) in every element of the box; image [3,height,width].
void erase(Random& random, const Box& box, float* image, std::int64_t height, std::int64_t width);

}  // namespace luvit
