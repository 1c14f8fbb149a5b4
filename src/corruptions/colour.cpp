#include <algorithm>
#include <array>
#include <cmath>

#include "plane.h"
#include "processors.h"
#include "request.h"

namespace luvit {
namespace {

// Hue (0 … 1), saturation and value as skimage computes them, changed, and back. Where two channels are the largest,
// the later one counts.
LUVIT_FOR_EACH_PROCESSOR
void change_hsv(double* shares, double saturation_factor, double saturation_more, double value_more,
                std::int64_t pixels) {
  for (std::int64_t i = 0; i < pixels; ++i) {
    double* rgb = shares + 3 * i;
    const double r = rgb[0], g = rgb[1], b = rgb[2];
    double value = std::max(r, std::max(g, b));
    const double range = value - std::min(r, std::min(g, b));
    const bool grey = range == 0;
    double from = g, minus = b, sixth = 0;
    if (g == value) from = b, minus = r, sixth = 2;
    if (b == value) from = r, minus = g, sixth = 4;
    double hue = (sixth + (from - minus) / (grey ? 1.0 : range)) / 6.0;
    hue = hue < 0 ? hue + 1 : hue;
    hue = grey ? 0 : hue;
    double saturation = grey ? 0 : range / (grey ? 1.0 : value);
    saturation = saturation * saturation_factor + saturation_more;
    saturation = saturation < 0 ? 0 : saturation;
    saturation = saturation > 1 ? 1 : saturation;
    value += value_more;
    value = value > 1 ? 1 : value;

    const double place = hue * 6, sector = static_cast<double>(static_cast<int>(place)), f = place - sector;
    const double p = value * (1 - saturation), q = value * (1 - f * saturation);
    const double t = value * (1 - (1 - f) * saturation);
    // sector  0      1      2      3      4      5
    //   r     value  q      p      p      t      value
    //   g     t      value  value  q      p      p
    //   b     p      p      t      value  value  q
    const bool up = sector == 0 || sector == 2 || sector == 4 || sector == 6;
    const double slope = up ? t : q;
    const bool first = sector < 1 || sector > 5;
    rgb[0] = first || sector == 5 ? value : (sector == 1 || sector == 4 ? slope : p);
    rgb[1] = sector == 1 || sector == 2 ? value : (first || sector == 3 ? slope : p);
    rgb[2] = sector == 3 || sector == 4 ? value : (sector == 2 || sector == 5 ? slope : p);
  }
}

// Sums of the three channels, in the picture's order.
std::array<double, 3> channel_sums(const Image& image) {
  std::array<double, 3> sums{};
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) sums[c] += share(image.pixels[i + c]);
  }
  return sums;
}

}  // namespace

Image brightness(const Request& request) {
  static constexpr double more[5] = {.1, .2, .3, .4, .5};
  Plane out = shares(request.image);
  change_hsv(out.data(), 1, 0, request.of(more), out.size() / 3);
  return to_image(out);
}

Image saturate(const Request& request) {
  struct Parameters {
    double factor, more;
  };
  static constexpr Parameters table[5] = {{.3, 0}, {.1, 0}, {2, 0}, {5, .1}, {20, .2}};
  const auto [factor, more] = request.of(table);
  Plane out = shares(request.image);
  change_hsv(out.data(), factor, more, 0, out.size() / 3);
  return to_image(out);
}

// Each channel drawn towards its mean. It has 256 levels, so a table does.
Image contrast(const Request& request) {
  static constexpr double factors[5] = {.4, .3, .2, .1, .05};
  const double factor = request.of(factors);
  const auto sums = channel_sums(request.image);
  std::array<std::array<std::uint8_t, 256>, 3> table;
  for (std::size_t c = 0; c < 3; ++c) {
    const double mean = sums[c] / static_cast<double>(request.image.height * request.image.width);
    for (std::size_t i = 0; i < 256; ++i) {
      table[c][i] = level((share(static_cast<std::uint8_t>(i)) - mean) * factor + mean);
    }
  }
  Image out = request.image;
  for (std::size_t i = 0; i < out.pixels.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) out.pixels[i + c] = table[c][out.pixels[i + c]];
  }
  return out;
}

}  // namespace luvit
