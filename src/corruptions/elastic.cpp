#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "filters.h"
#include "processors.h"
#include "request.h"

namespace luvit {
namespace {

// How far each pixel moves along one axis: smooth noise of ±`reach`, times `strength`.
struct Field {
  double reach, sigma_y, sigma_x, strength;

  FloatPlane draw(NumpyRandom& random, const Image& image) const {
    Plane noise(image.height, image.width, 1);
    random.fill_random_sample(noise.data(), noise.size());
    for (std::int64_t i = 0; i < noise.size(); ++i) {
      noise.data()[i] = -reach + (reach - -reach) * noise.data()[i];
    }
    const Plane smooth = gaussian_filter(noise, {sigma_y, sigma_x, Border::reflect, 3});
    FloatPlane moves(image.height, image.width, 1);
    for (std::int64_t i = 0; i < smooth.size(); ++i) {
      moves.data()[i] = static_cast<float>(smooth.data()[i] * strength);
    }
    return moves;
  }
};

// scipy's fold of a coordinate into 0 … size by Border::reflect. Just before the first pixel it gives a number below 0,
// where both neighbours are that pixel.
double folded(double place, double size) {
  if (place < 0) {
    if (place < -2 * size) place += 2 * size * std::trunc(-place / (2 * size));
    return place < -size ? place + 2 * size : (place > -1e-15 ? 1e-15 : -place) - 1;
  }
  if (place > size - 1) {
    place -= 2 * size * std::trunc(place / (2 * size));
    if (place >= size) place = 2 * size - place - 1;
  }
  return place;
}

struct Neighbours {
  std::int64_t first, second;
  double weight_first, weight_second;
};
LUVIT_INLINE Neighbours neighbours(double place, std::int64_t size) {
  if (!(place >= 0 && place <= static_cast<double>(size - 1))) place = folded(place, static_cast<double>(size));
  const double floor = std::floor(place), weight = 1.0 - (place - floor);
  const auto first = static_cast<std::int64_t>(floor);
  return {first < 0 ? 0 : first, std::min(first + 1, size - 1), weight, 1.0 - weight};
}

// scipy.ndimage.map_coordinates of order 1, to the last bit.
LUVIT_FOR_EACH_PROCESSOR
void sample(const FloatPlane& image, const FloatPlane& right, const FloatPlane& down, FloatPlane& out) {
  for (std::int64_t y = 0; y < image.height(); ++y) {
    for (std::int64_t x = 0; x < image.width(); ++x) {
      const Neighbours row = neighbours(static_cast<double>(y) + static_cast<double>(down.row(y)[x]), image.height());
      const Neighbours column =
          neighbours(static_cast<double>(x) + static_cast<double>(right.row(y)[x]), image.width());
      const float *a = image.row(row.first) + column.first * 3, *b = image.row(row.first) + column.second * 3;
      const float *c = image.row(row.second) + column.first * 3, *d = image.row(row.second) + column.second * 3;
      for (int k = 0; k < 3; ++k) {
        out.row(y)[3 * x + k] = static_cast<float>(
            a[k] * row.weight_first * column.weight_first + b[k] * row.weight_first * column.weight_second +
            c[k] * row.weight_second * column.weight_first + d[k] * row.weight_second * column.weight_second);
      }
    }
  }
}

Image move_pixels(const FloatPlane& image, const Request& request, const Field& field) {
  const FloatPlane right = field.draw(request.random, request.image), down = field.draw(request.random, request.image);
  FloatPlane out(image.height(), image.width(), 3);
  sample(image, right, down, out);
  return to_image(out);
}

// The script first moves three points of the picture by up to `reach`, and the picture with them.
void warp(FloatPlane& image, NumpyRandom& random, double reach) {
  const auto height = static_cast<int>(image.height()), width = static_cast<int>(image.width());
  const auto middle_y = static_cast<float>(height / 2), middle_x = static_cast<float>(width / 2);
  const auto third = static_cast<float>(std::min(height, width) / 3);
  const std::array<cv::Point2f, 3> from = {cv::Point2f(middle_y + third, middle_x + third),
                                           {middle_y + third, middle_x - third},
                                           {middle_y - third, middle_x - third}};
  auto to = from;
  for (auto& point : to) {
    point.x += static_cast<float>(random.uniform(-reach, reach));
    point.y += static_cast<float>(random.uniform(-reach, reach));
  }
  const cv::Mat before(height, width, CV_32FC3, image.data());
  cv::Mat after;
  cv::warpAffine(before, after, cv::getAffineTransform(from.data(), to.data()), before.size(), cv::INTER_LINEAR,
                 cv::BORDER_REFLECT_101);
  after.copyTo(before);
}

}  // namespace

Image elastic_transform(const Request& request) {
  FloatPlane image = float_shares(request.image);
  if (request.official()) {
    struct Parameters {
      double strength, sigma, reach;
    };
    // 244 for 224: the script's, and so the published pictures'.
    static constexpr Parameters table[5] = {{244 * 2, 244 * 0.7, 244 * 0.1},
                                            {244 * 2, 244 * 0.08, 244 * 0.2},
                                            {244 * 0.05, 244 * 0.01, 244 * 0.02},
                                            {244 * 0.07, 244 * 0.01, 244 * 0.02},
                                            {244 * 0.12, 244 * 0.01, 244 * 0.02}};
    const auto [strength, sigma, reach] = request.of(table);
    warp(image, request.random, reach);
    return move_pixels(image, request, {1, sigma, sigma, strength});
  }
  static constexpr double strengths[5] = {250 * 0.05, 250 * 0.065, 250 * 0.085, 250 * 0.1, 250 * 0.12};
  const auto height = static_cast<double>(image.height()), width = static_cast<double>(image.width());
  return move_pixels(image, request, {height * 0.005, height * 0.01, width * 0.01, request.of(strengths)});
}

}  // namespace luvit
