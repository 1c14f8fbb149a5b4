#include "luvit/report/colours.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace luvit {

Rgb viridis(double share) {
  static constexpr std::array<Rgb, 10> points = {{{68, 1, 84},
                                                  {72, 40, 120},
                                                  {62, 74, 137},
                                                  {49, 104, 142},
                                                  {38, 130, 142},
                                                  {31, 158, 137},
                                                  {53, 183, 121},
                                                  {110, 206, 88},
                                                  {181, 222, 43},
                                                  {253, 231, 37}}};
  const double at = std::clamp(share, 0., 1.) * 9;
  const auto below = std::min<std::size_t>(static_cast<std::size_t>(at), 8);
  Rgb colour;
  for (std::size_t c = 0; c < 3; ++c) {
    const double low = points[below][c], high = points[below + 1][c];
    colour[c] = static_cast<std::uint8_t>(std::lround(low + (high - low) * (at - static_cast<double>(below))));
  }
  return colour;
}

std::string hex(const Rgb& colour) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", colour[0], colour[1], colour[2]);
  return text;
}

bool takes_white_text(const Rgb& colour) {
  const auto linear = [](std::uint8_t level) {
    const double share = level / 255.;
    return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
  };
  const double luminance = 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05;
}

}  // namespace luvit
