#include <algorithm>
#include <cmath>

#include "filters.h"
#include "processors.h"
#include "request.h"
#include "zoom.h"

namespace luvit {
namespace {

struct Parameters {
  double mean, deviation, zoom, threshold;
  int radius;
  double sigma, mix;
};
constexpr Parameters table[5] = {{0.1, 0.3, 3, 0.5, 10, 4, 0.8},
                                 {0.2, 0.3, 2, 0.5, 12, 4, 0.7},
                                 {0.55, 0.3, 4, 0.9, 12, 8, 0.7},
                                 {0.55, 0.3, 4.5, 0.85, 12, 8, 0.65},
                                 {0.55, 0.3, 2.5, 0.85, 12, 12, 0.55}};

// The bright part of enlarged noise.
Plane flakes(const Request& request, const Parameters& p) {
  const std::int64_t height = request.image.height, width = request.image.width;
  Plane noise(height, width, 1);
  request.random.fill_standard_normal(noise.data(), noise.size());
  for (std::int64_t i = 0; i < noise.size(); ++i) noise.data()[i] = p.mean + p.deviation * noise.data()[i];
  Plane layer = zoomed_middle(noise, p.zoom);
  for (std::int64_t i = 0; i < layer.size(); ++i) {
    double& flake = layer.data()[i];
    flake = flake < p.threshold ? 0 : std::clamp(flake, 0.0, 1.0);
  }
  return layer;
}

// Flakes in flight: levels 0 … 255 as shares, of the picture's size. The script cuts before it blurs.
Plane snowfall(const Request& request, const Parameters& p) {
  const std::int64_t height = request.image.height, width = request.image.width;
  Plane layer = flakes(request, p);
  if (request.official()) {
    const std::int64_t top = (layer.height() - height) / 2, left = (layer.width() - width) / 2;
    Plane cut(height, width, 1);
    for (std::int64_t y = 0; y < height; ++y) {
      std::transform(layer.row(top + y) + left, layer.row(top + y) + left + width, cut.row(y),
                     [](double flake) { return std::trunc(flake * 255); });
    }
    layer = motion_blur(cut, p.radius, p.sigma, request.random.uniform(-135, -45));
    round_as_magick(layer.data(), layer.size());
  } else {
    layer = motion_blur(layer, p.radius, p.sigma, request.random.uniform(-135, -45));
    std::transform(layer.data(), layer.data() + layer.size(), layer.data(),
                   [](double flake) { return std::nearbyint(flake * 255); });
  }
  Plane out(height, width, 1);
  for (std::int64_t y = 0; y < height; ++y) {
    std::transform(layer.row(y), layer.row(y) + width, out.row(y), [](double flake) { return flake / 255; });
  }
  return out;
}

// The picture whitened, in float32, and two layers of snow, the second turned by half a turn.
LUVIT_FOR_EACH_PROCESSOR
void add_snow(const float* image, const double* snow, const double* last_of_turned, float kept, float white,
              std::int64_t pixels, double* out) {
  for (std::int64_t i = 0; i < pixels; ++i) {
    const float* rgb = image + 3 * i;
    // OpenCV's grey, with its fused steps
    const float light = std::fma(rgb[2], 0.114f, std::fma(rgb[0], 0.299f, rgb[1] * 0.587f)) * 1.5f + 0.5f;
    for (int c = 0; c < 3; ++c) {
      const float whitened = kept * rgb[c] + white * std::max(rgb[c], light);
      out[3 * i + c] = static_cast<double>(whitened) + snow[i] + last_of_turned[-i];
    }
  }
}

}  // namespace

Image snow(const Request& request) {
  const Parameters& p = request.of(table);
  const Plane layer = snowfall(request, p);
  const FloatPlane image = float_shares(request.image);
  Plane out(image.height(), image.width(), 3);
  add_snow(image.data(), layer.data(), layer.data() + layer.size() - 1, static_cast<float>(p.mix),
           static_cast<float>(1 - p.mix), layer.size(), out.data());
  return to_image(out);
}

}  // namespace luvit
