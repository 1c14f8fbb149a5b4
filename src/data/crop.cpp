#include <algorithm>
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

ImageSize wanted_size(std::int64_t height, std::int64_t width, double scale, double aspect) {
  const double area = static_cast<double>(height * width) * scale;
  return {rounded(std::sqrt(area / aspect)), rounded(std::sqrt(area * aspect))};
}

double random_aspect(Random& random) {
  return std::exp(random.uniform(std::log(narrowest), std::log(widest)));
}

Box placed(Random& random, const ImageSize& size, std::int64_t height, std::int64_t width) {
  const auto top = random.below(static_cast<std::uint64_t>(height - size.height + 1));
  const auto left = random.below(static_cast<std::uint64_t>(width - size.width + 1));
  return {static_cast<std::int64_t>(top), static_cast<std::int64_t>(left), size.height, size.width};
}

}  // namespace

std::optional<ImageSize> crop_size(std::int64_t height, std::int64_t width, double scale, double aspect) {
  const auto [h, w] = wanted_size(height, width, scale, aspect);
  if (w <= 0 || w > width || h <= 0 || h > height) return std::nullopt;
  return ImageSize{h, w};
}

// A side is at least 1 here, where MAE's code would fail on a crop without pixels.
ImageSize clamped_crop_size(std::int64_t height, std::int64_t width, double scale, double aspect) {
  const auto [h, w] = wanted_size(height, width, scale, aspect);
  return {std::clamp<std::int64_t>(h, 1, height), std::clamp<std::int64_t>(w, 1, width)};
}

Box fallback_crop(std::int64_t height, std::int64_t width) {
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  std::int64_t h = height, w = width;
  if (aspect < narrowest) h = rounded(static_cast<double>(width) / narrowest);
  if (aspect > widest) w = rounded(static_cast<double>(height) * widest);
  return {(height - h) / 2, (width - w) / 2, h, w};
}

Box random_resized_crop(Random& random, std::int64_t height, std::int64_t width, double scale_low, double scale_high) {
  for (int attempt = 0; attempt < most_tries; ++attempt) {
    const double scale = random.uniform(scale_low, scale_high);
    const double aspect = random_aspect(random);
    if (const auto size = crop_size(height, width, scale, aspect)) return placed(random, *size, height, width);
  }
  return fallback_crop(height, width);
}

Box clamped_crop(Random& random, std::int64_t height, std::int64_t width, double scale_low, double scale_high) {
  const double scale = random.uniform(scale_low, scale_high);
  const double aspect = random_aspect(random);
  return placed(random, clamped_crop_size(height, width, scale, aspect), height, width);
}

Box random_crop(Random& random, const CropOptions& options, std::int64_t height, std::int64_t width) {
  const double low = options.crop_scale.at(0), high = options.crop_scale.at(1);
  return options.rule == CropRule::tries ? random_resized_crop(random, height, width, low, high)
                                         : clamped_crop(random, height, width, low, high);
}

}  // namespace luvit
