#pragma once
#include <cstdint>
#include <memory>

#include "luvit/data/image.h"

namespace luvit {

// Rows of width·channels numbers, a pixel's channels together; not initialised.
template <typename Number>
class PlaneOf {
 public:
  PlaneOf(std::int64_t height, std::int64_t width, std::int64_t channels)
      : height_(height),
        width_(width),
        channels_(channels),
        values_(std::make_unique_for_overwrite<Number[]>(static_cast<std::size_t>(height * width * channels))) {}

  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }
  std::int64_t channels() const { return channels_; }
  std::int64_t row_size() const { return width_ * channels_; }
  std::int64_t size() const { return height_ * row_size(); }
  Number* data() { return values_.get(); }
  const Number* data() const { return values_.get(); }
  Number* row(std::int64_t y) { return data() + y * row_size(); }
  const Number* row(std::int64_t y) const { return data() + y * row_size(); }

 private:
  std::int64_t height_, width_, channels_;
  std::unique_ptr<Number[]> values_;
};
using Plane = PlaneOf<double>;
using FloatPlane = PlaneOf<float>;

// Levels 0 … 255 as float64 or float32 numbers 0 … 1.
Plane shares(const Image& image);
FloatPlane float_shares(const Image& image);
double share(std::uint8_t level);  // level / 255

// The reverse, as the Python programs do it: cut to 0 … 1, times 255, the fraction dropped.
std::uint8_t level(double share);
Image to_image(const Plane& shares);
Image to_image(const FloatPlane& shares);
Image levels_to_image(const Plane& levels);  // numbers of 0 … 255, cut to that range

}  // namespace luvit
