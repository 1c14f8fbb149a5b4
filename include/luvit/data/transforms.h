#pragma once
#include "luvit/core/random.h"
#include "luvit/data/image.h"
#include "luvit/data/options.h"

namespace luvit {

// torchvision's RandomResizedCrop.get_params: up to ten tries, then the central fallback.
Box random_resized_crop(Random& random, std::int64_t height, std::int64_t width, double scale_low, double scale_high);

// Bicubic with antialiasing to size×size: ATen's uint8 kernel (training; ≤ 2 levels from Pillow on < 1% of pixels).
Image resize_fast(const Image& image, std::int64_t height, std::int64_t width);
// Pillow 11.3's resize, to the pixel (evaluation): horizontal pass first, 22-bit coefficients.
enum class Filter { bilinear, bicubic };
Image resize_as_pillow(const Image& image, std::int64_t height, std::int64_t width, Filter filter = Filter::bicubic);

// Resize the shorter side (torchvision's rule: the other truncated), centre crop (torchvision's rounding).
Image evaluation_view(const Image& image, std::int64_t resize, std::int64_t crop, Filter filter = Filter::bicubic);

// HWC uint8 → CHW float, (x/255 − mean)/std, mirrored if flip.
void normalise(const Image& image, bool flip, const std::vector<double>& mean, const std::vector<double>& std,
               float* out);

}  // namespace luvit
