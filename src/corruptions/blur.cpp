#include <algorithm>
#include <cmath>
#include <vector>

#include "filters.h"
#include "processors.h"
#include "request.h"
#include "zoom.h"

namespace luvit {
namespace {

// One line of a small Gaussian smoothing in float32, with the fused steps of OpenCV's filters: three taps along a row
// end with the centre, all others begin with it.
float smoothed(const float* at, std::int64_t stride, const float* weights, std::int64_t taps, bool centre_last) {
  const auto pair = [&](std::int64_t i) { return at[-i * stride] + at[i * stride]; };
  if (centre_last) return std::fma(at[0], weights[0], pair(1) * weights[1]);
  float sum = at[0] * weights[0];
  for (std::int64_t i = 1; i <= taps; ++i) sum = std::fma(pair(i), weights[i], sum);
  return sum;
}

// The kernel of a lens out of focus: a disk whose edge is smoothed by a Gaussian of 3 or 5 taps. Returns a quadrant
// of (reach + 1)². The smallest weights of 1e-24 are left out.
std::vector<double> disk_quadrant(std::int64_t radius, double sigma, std::int64_t reach) {
  const std::int64_t taps = radius <= 8 ? 1 : 2, margin = taps, side = 2 * reach + 1, padded = side + 2 * margin;
  double exact[3] = {1, std::exp(-1 / (2 * sigma * sigma)), std::exp(-4 / (2 * sigma * sigma))};
  const double sum = 1 + 2 * (exact[1] + (taps == 2 ? exact[2] : 0));
  float weights[3];
  for (int i = 0; i < 3; ++i) weights[i] = static_cast<float>(exact[i] / sum);

  std::vector<float> disk(static_cast<std::size_t>(padded * padded)), rows(disk.size());
  const auto place = [&](std::int64_t y, std::int64_t x) { return (y + reach + margin) * padded + x + reach + margin; };
  const auto folded = [&](std::int64_t i) { return inside(i + reach, side, Border::mirror) - reach; };
  float inner = 0;
  for (std::int64_t y = -reach - margin; y <= reach + margin; ++y) {
    for (std::int64_t x = -reach - margin; x <= reach + margin; ++x) {
      const bool in_disk = folded(y) * folded(y) + folded(x) * folded(x) <= radius * radius;
      disk[static_cast<std::size_t>(place(y, x))] = in_disk ? 1 : 0;
      if (std::max(std::abs(y), std::abs(x)) <= reach) inner += in_disk ? 1 : 0;
    }
  }
  for (float& height : disk) height /= inner;
  for (std::int64_t y = -reach - margin; y <= reach + margin; ++y) {
    for (std::int64_t x = -reach; x <= reach; ++x) {
      const auto at = static_cast<std::size_t>(place(y, x));
      rows[at] = smoothed(disk.data() + at, 1, weights, taps, taps == 1);
    }
  }
  std::vector<double> quadrant;
  for (std::int64_t y = 0; y <= reach; ++y) {
    for (std::int64_t x = 0; x <= reach; ++x) {
      const float weight = smoothed(rows.data() + place(y, x), padded, weights, taps, false);
      quadrant.push_back(weight < 1e-20f ? 0 : static_cast<double>(weight));
    }
  }
  return quadrant;
}

LUVIT_FOR_EACH_PROCESSOR
void add_to(const float* from, std::int64_t n, float* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] += from[i];
}

LUVIT_FOR_EACH_PROCESSOR
void mean_with(const float* one, float count, std::int64_t n, float* sum) {
  for (std::int64_t i = 0; i < n; ++i) sum[i] = (one[i] + sum[i]) / count;
}

}  // namespace

Image gaussian_blur(const Request& request) {
  static constexpr double sigmas[5] = {1, 2, 3, 4, 6};
  return to_image(gaussian_filter(shares(request.image), request.of(sigmas)));
}

// Each pixel takes the colour of one nearby. The programs mean to swap the two, but write to views of the same array:
// the neighbour stays as it is.
Image glass_blur(const Request& request) {
  struct Parameters {
    double sigma;
    std::int64_t reach;
    int times;
  };
  static constexpr Parameters table[5] = {{.7, 1, 2}, {.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}};
  const auto [sigma, reach, times] = request.of(table);
  Image image = to_image(gaussian_filter(shares(request.image), sigma));
  for (int i = 0; i < times; ++i) {
    for (std::int64_t y = image.height - reach; y > reach; --y) {
      for (std::int64_t x = image.width - reach; x > reach; --x) {
        const std::int64_t dx = request.random.randint(-reach, reach), dy = request.random.randint(-reach, reach);
        std::copy_n(image.pixels.data() + ((y + dy) * image.width + x + dx) * 3, 3,
                    image.pixels.data() + (y * image.width + x) * 3);
      }
    }
  }
  return to_image(gaussian_filter(shares(image), sigma));
}

Image defocus_blur(const Request& request) {
  struct Parameters {
    std::int64_t radius;
    double sigma;
  };
  static constexpr Parameters table[5] = {{3, .1}, {4, .5}, {6, .5}, {8, .5}, {10, .5}};
  const auto [radius, sigma] = request.of(table);
  const std::int64_t reach = std::max<std::int64_t>(radius, 8);
  return to_image(symmetric_filter(shares(request.image), disk_quadrant(radius, sigma, reach), reach));
}

Image motion_blur(const Request& request) {
  struct Parameters {
    int radius;
    double sigma;
  };
  static constexpr Parameters table[5] = {{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}};
  const auto [radius, sigma] = request.of(table);
  Plane levels(request.image.height, request.image.width, 3);
  std::copy(request.image.pixels.begin(), request.image.pixels.end(), levels.data());
  Plane blurred = motion_blur(levels, radius, sigma, request.random.uniform(-45, 45));
  if (request.official()) round_as_magick(blurred.data(), blurred.size());
  return levels_to_image(blurred);
}

void round_as_magick(double* levels, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    levels[i] = static_cast<double>(static_cast<std::uint32_t>(levels[i] * 257.0 + 0.5) / 257u);
  }
}

// The mean of the picture and of enlarged copies of it. numpy.arange's rounding makes the first series reach 1.11.
Image zoom_blur(const Request& request) {
  struct Parameters {
    double step;
    int count;
  };
  static constexpr Parameters table[5] = {{.01, 12}, {.01, 16}, {.02, 11}, {.02, 13}, {.03, 11}};
  const auto [step, count] = request.of(table);
  const FloatPlane image = float_shares(request.image);
  FloatPlane sum(image.height(), image.width(), 3);
  std::fill_n(sum.data(), sum.size(), 0.0f);
  const double arange_step = (1 + step) - 1;
  for (int i = 0; i < count; ++i) {
    const FloatPlane layer = zoomed_middle(image, 1 + i * arange_step);
    const std::int64_t top = request.official() ? (layer.height() - sum.height()) / 2 : 0;
    const std::int64_t left = request.official() ? (layer.width() - sum.width()) / 2 : 0;
    for (std::int64_t y = 0; y < sum.height(); ++y) {
      add_to(layer.row(top + y) + left * 3, sum.row_size(), sum.row(y));
    }
  }
  mean_with(image.data(), static_cast<float>(count + 1), sum.size(), sum.data());
  return to_image(sum);
}

}  // namespace luvit
