#include <cmath>

#include "luvit/data/transforms.h"

namespace luvit {
namespace {

constexpr double narrowest = 3.0 / 4.0, widest = 4.0 / 3.0;  // MAE keeps torchvision's ratios
constexpr int most_tries = 10;

// Python's round(): halves to the even neighbour.
std::int64_t rounded(double x) {
  return static_cast<std::int64_t>(std::nearbyint(x));
}

}  // namespace

std::optional<ImageSize> crop_size(std::int64_t height, std::int64_t width, double scale, double aspect) {
  const double area = static_cast<double>(height * width) * scale;
  const std::int64_t w = rounded(std::sqrt(area * aspect)), h = rounded(std::sqrt(area / aspect));
  if (w <= 0 || w > width || h <= 0 || h > height) return std::nullopt;
  return ImageSize{h, w};
}

Box fallback_crop(std::int64_t height, std::int64_t width) {
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  std::int64_t h = height, w = width;
  if (aspect < narrowest) h = rounded(static_cast<double>(width) / narrowest);
  if (aspect > widest) w = rounded(static_cast<double>(height) * widest);
  return {(height - h) / 2, (width - w) / 2, h, w};
}

Box random_resized_crop(Random& random, std::int64_t height, std::int64_t width, double scale_low, double scale_high) {
  const double low = std::log(narrowest), high = std::log(widest);
  for (int attempt = 0; attempt < most_tries; ++attempt) {
    const double scale = random.uniform(scale_low, scale_high);
    const double aspect = std::exp(random.uniform(low, high));
    const auto size = crop_size(height, width, scale, aspect);
    if (!size) continue;
    const auto top = random.below(static_cast<std::uint64_t>(height - size->height + 1));
    const auto left = random.below(static_cast<std::uint64_t>(width - size->width + 1));
    return {static_cast<std::int64_t>(top), static_cast<std::int64_t>(left), size->height, size->width};
  }
  return fallback_crop(height, width);
}

}  // namespace luvit
