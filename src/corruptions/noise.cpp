#include <algorithm>
#include <array>
#include <vector>

#include "plane.h"
#include "processors.h"
#include "request.h"

namespace luvit {
namespace {

LUVIT_FOR_EACH_PROCESSOR
void add_noise(double* shares, const double* normal, double deviation, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) shares[i] += deviation * normal[i];
}

LUVIT_FOR_EACH_PROCESSOR
void add_speckles(double* shares, const double* normal, double deviation, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) shares[i] += shares[i] * (deviation * normal[i]);
}

using AddNoise = void(double* shares, const double* normal, double deviation, std::int64_t n);

Image with_normal_noise(const Request& request, double deviation, AddNoise add) {
  Plane out = shares(request.image);
  constexpr std::int64_t at_once = 4096;
  std::array<double, at_once> normal;
  for (std::int64_t i = 0; i < out.size(); i += at_once) {
    const std::int64_t n = std::min(at_once, out.size() - i);
    request.random.fill_standard_normal(normal.data(), n);
    add(out.data() + i, normal.data(), deviation, n);
  }
  return to_image(out);
}

}  // namespace

Image gaussian_noise(const Request& request) {
  static constexpr double deviations[5] = {.08, .12, .18, .26, .38};
  return with_normal_noise(request, request.of(deviations), add_noise);
}

Image speckle_noise(const Request& request) {
  static constexpr double deviations[5] = {.15, .2, .35, .45, .6};
  return with_normal_noise(request, request.of(deviations), add_speckles);
}

Image shot_noise(const Request& request) {
  static constexpr double photons[5] = {60, 25, 12, 5, 3};  // of a white pixel
  const double most = request.of(photons);
  std::array<NumpyPoisson, 256> by_level;
  for (int i = 0; i < 256; ++i) {
    by_level[static_cast<std::size_t>(i)] = NumpyPoisson(share(static_cast<std::uint8_t>(i)) * most);
  }
  std::array<std::uint8_t, 64> by_count;  // above `most` all are white
  for (std::size_t i = 0; i < by_count.size(); ++i) by_count[i] = level(static_cast<double>(i) / most);
  Image out = request.image;
  for (std::uint8_t& pixel : out.pixels) {
    const auto count = static_cast<std::size_t>(by_level[pixel](request.random));
    pixel = by_count[std::min(count, by_count.size() - 1)];
  }
  return out;
}

// skimage's random_noise with the generator that all the others use: it draws from one of its own that nobody can
// seed. Which values are hit comes first for the whole picture, then whether they become white or black.
Image impulse_noise(const Request& request) {
  static constexpr double amounts[5] = {.03, .06, .09, .17, .27};
  Image out = request.image;
  const auto n = static_cast<std::int64_t>(out.pixels.size());
  std::vector<double> hit(out.pixels.size()), white(out.pixels.size());
  request.random.fill_random_sample(hit.data(), n);
  request.random.fill_random_sample(white.data(), n);
  std::array<std::uint8_t, 256> kept;
  for (int i = 0; i < 256; ++i) kept[static_cast<std::size_t>(i)] = level(share(static_cast<std::uint8_t>(i)));
  const double amount = request.of(amounts);
  for (std::size_t i = 0; i < out.pixels.size(); ++i) {
    const std::uint8_t impulse = white[i] <= 0.5 ? 255 : 0;
    out.pixels[i] = hit[i] <= amount ? impulse : kept[out.pixels[i]];
  }
  return out;
}

}  // namespace luvit
