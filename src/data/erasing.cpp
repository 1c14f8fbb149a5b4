#include "luvit/data/erasing.h"

#include <cmath>

namespace luvit {
namespace {

constexpr double smallest = 0.02, largest = 1.0 / 3;  // shares of the area
constexpr double flattest = 0.3;                      // aspect; the steepest is its reciprocal
constexpr int most_tries = 10;

}  // namespace

std::optional<ImageSize> erasing_size(std::int64_t height, std::int64_t width, double share, double aspect) {
  const double area = share * static_cast<double>(height * width);
  const auto h = static_cast<std::int64_t>(std::nearbyint(std::sqrt(area * aspect)));
  const auto w = static_cast<std::int64_t>(std::nearbyint(std::sqrt(area / aspect)));
  if (w >= width || h >= height) return std::nullopt;
  return ImageSize{h, w};
}

std::optional<Box> draw_erasing(Random& random, double probability, std::int64_t height, std::int64_t width) {
  if (random.uniform() >= probability) return std::nullopt;
  for (int attempt = 0; attempt < most_tries; ++attempt) {
    const double share = random.uniform(smallest, largest);
    const double aspect = std::exp(random.uniform(std::log(flattest), std::log(1 / flattest)));
    const auto size = erasing_size(height, width, share, aspect);
    if (!size) continue;
    const auto top = random.below(static_cast<std::uint64_t>(height - size->height + 1));
    const auto left = random.below(static_cast<std::uint64_t>(width - size->width + 1));
    return Box{static_cast<std::int64_t>(top), static_cast<std::int64_t>(left), size->height, size->width};
  }
  return std::nullopt;
}

void erase(Random& random, const Box& box, float* image, std::int64_t height, std::int64_t width) {
  for (std::int64_t channel = 0; channel < 3; ++channel) {
    for (std::int64_t y = box.top; y < box.top + box.height; ++y)
      random.fill_normal(image + (channel * height + y) * width + box.left, box.width, 0, 1);
  }
}

}  // namespace luvit
