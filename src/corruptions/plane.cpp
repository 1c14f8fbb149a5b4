#include "plane.h"

#include <algorithm>
#include <array>

#include "processors.h"

namespace luvit {
namespace {

template <typename Number>
constexpr std::array<Number, 256> table = [] {
  std::array<Number, 256> shares{};
  for (int i = 0; i < 256; ++i) shares[static_cast<std::size_t>(i)] = static_cast<Number>(i) / static_cast<Number>(255);
  return shares;
}();

LUVIT_FOR_EACH_PROCESSOR
void divide(const std::uint8_t* levels, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<double>(levels[i]) / 255.0;
}

LUVIT_FOR_EACH_PROCESSOR
void divide(const std::uint8_t* levels, std::int64_t n, float* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(levels[i]) / 255.0f;
}

template <typename Number>
LUVIT_INLINE Number cut(Number value, Number most) {
  value = value < 0 ? 0 : value;
  return value > most ? most : value;
}

LUVIT_FOR_EACH_PROCESSOR
void to_levels(const double* shares, std::int64_t n, double most, double scale, std::uint8_t* out) {
  for (std::int64_t i = 0; i < n; ++i)
    out[i] = static_cast<std::uint8_t>(static_cast<int>(cut(shares[i], most) * scale));
}

LUVIT_FOR_EACH_PROCESSOR
void to_levels(const float* shares, std::int64_t n, float most, float scale, std::uint8_t* out) {
  for (std::int64_t i = 0; i < n; ++i)
    out[i] = static_cast<std::uint8_t>(static_cast<int>(cut(shares[i], most) * scale));
}

template <typename Number>
Image image_of(const PlaneOf<Number>& plane, Number most, Number scale) {
  Image image{plane.height(), plane.width(), std::vector<std::uint8_t>(static_cast<std::size_t>(plane.size()))};
  to_levels(plane.data(), plane.size(), most, scale, image.pixels.data());
  return image;
}

template <typename Number>
PlaneOf<Number> divided(const Image& image) {
  PlaneOf<Number> plane(image.height, image.width, 3);
  divide(image.pixels.data(), plane.size(), plane.data());
  return plane;
}

}  // namespace

Plane shares(const Image& image) {
  return divided<double>(image);
}
FloatPlane float_shares(const Image& image) {
  return divided<float>(image);
}
double share(std::uint8_t level) {
  return table<double>[level];
}
std::uint8_t level(double share) {
  return static_cast<std::uint8_t>(static_cast<int>(cut(share, 1.0) * 255.0));
}
Image to_image(const Plane& shares) {
  return image_of(shares, 1.0, 255.0);
}
Image to_image(const FloatPlane& shares) {
  return image_of(shares, 1.0f, 255.0f);
}
Image levels_to_image(const Plane& levels) {
  return image_of(levels, 255.0, 1.0);
}

}  // namespace luvit
