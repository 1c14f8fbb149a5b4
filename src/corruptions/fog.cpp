#include <algorithm>
#include <bit>
#include <vector>

#include "plane.h"
#include "processors.h"
#include "request.h"

namespace luvit {
namespace {

// A height map by the diamond-square method on a square whose edges meet, 0 … 1. Each pass fills the middle of every
// cell of `step` points, then the middles of its upper and left side; all get a random share of `wobble`².
class HeightMap {
 public:
  HeightMap(NumpyRandom& random, std::int64_t side, double decay)
      : random_(random), side_(side), map_(side, side, 1), drawn_(static_cast<std::size_t>(side * side / 4)) {
    map_.data()[0] = 0;
    for (std::int64_t step = side; step >= 2; step /= 2) {
      fill_squares(step);
      fill_diamonds(step);
      wobble_ /= decay;
    }
    const auto [low, high] = std::minmax_element(map_.data(), map_.data() + map_.size());
    scale(map_.data(), map_.size(), *low, *high - *low);
  }
  const double* row(std::int64_t y) const { return map_.row(y); }

 private:
  static void scale(double* values, std::int64_t n, double low, double range) {
    for (std::int64_t i = 0; i < n; ++i) values[i] = (values[i] - low) / range;
  }

  void draw(std::int64_t cells) { random_.fill_random_sample(drawn_.data(), cells * cells); }
  double wobbling(double sum, std::int64_t i) const {
    return sum / 4 + wobble_ * (-wobble_ + (wobble_ + wobble_) * drawn_[static_cast<std::size_t>(i)]);
  }
  std::int64_t around(std::int64_t place) const { return place & (side_ - 1); }

  void fill_squares(std::int64_t step) {
    const std::int64_t half = step / 2, cells = side_ / step;
    draw(cells);
    for (std::int64_t i = 0; i < cells; ++i) {
      const double *upper = map_.row(i * step), *lower = map_.row(around((i + 1) * step));
      double* out = map_.row(i * step + half);
      for (std::int64_t j = 0; j < cells; ++j) {
        const std::int64_t x = j * step, next = around(x + step);
        out[x + half] = wobbling((upper[x] + lower[x]) + (upper[next] + lower[next]), i * cells + j);
      }
    }
  }

  void fill_diamonds(std::int64_t step) {
    const std::int64_t half = step / 2, cells = side_ / step;
    draw(cells);
    for (std::int64_t i = 0; i < cells; ++i) {
      const double *middle = map_.row(i * step + half), *above = map_.row(around(i * step - half));
      double* out = map_.row(i * step);
      for (std::int64_t j = 0; j < cells; ++j) {
        const std::int64_t x = j * step;
        out[x + half] =
            wobbling((middle[x + half] + above[x + half]) + (out[x] + out[around(x + step)]), i * cells + j);
      }
    }
    draw(cells);
    for (std::int64_t i = 0; i < cells; ++i) {
      const double *upper = map_.row(i * step), *lower = map_.row(around((i + 1) * step));
      double* out = map_.row(i * step + half);
      for (std::int64_t j = 0; j < cells; ++j) {
        const std::int64_t x = j * step;
        out[x] = wobbling((out[x + half] + out[around(x - half)]) + (upper[x] + lower[x]), i * cells + j);
      }
    }
  }

  NumpyRandom& random_;
  std::int64_t side_;
  Plane map_;
  std::vector<double> drawn_;
  double wobble_ = 100;
};

LUVIT_FOR_EACH_PROCESSOR
void add_fog(const double* heights, double thickness, double brightest, std::int64_t pixels, double* shares) {
  for (std::int64_t i = 0; i < pixels; ++i) {
    const double fog = thickness * heights[i];
    for (int c = 0; c < 3; ++c) shares[3 * i + c] = (shares[3 * i + c] + fog) * brightest / (brightest + thickness);
  }
}

}  // namespace

Image fog(const Request& request) {
  struct Parameters {
    double thickness, decay;
  };
  static constexpr Parameters table[5] = {{1.5, 2}, {2, 2}, {2.5, 1.7}, {2.5, 1.5}, {3, 1.4}};
  const auto [thickness, decay] = request.of(table);
  const Image& image = request.image;
  const auto longest = static_cast<std::uint64_t>(std::max(image.height, image.width));
  // The script is for 224 pixels and always takes 256, which is the same there.
  const HeightMap map(request.random, static_cast<std::int64_t>(std::bit_ceil(longest)), decay);
  const double brightest = share(*std::max_element(image.pixels.begin(), image.pixels.end()));
  Plane out = shares(image);
  for (std::int64_t y = 0; y < image.height; ++y) add_fog(map.row(y), thickness, brightest, image.width, out.row(y));
  return to_image(out);
}

}  // namespace luvit
