#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "filters.h"
#include "processors.h"
#include "request.h"

namespace luvit {
namespace {

struct Parameters {
  double mean, deviation, sigma, threshold;
  double strength;  // of water; of mud: the width of its soft edge
  bool mud;
};
constexpr Parameters table[5] = {{.65, .3, 4, .69, .6, false},
                                 {.65, .3, 3, .68, .6, false},
                                 {.65, .3, 2, .68, .5, false},
                                 {.65, .3, 1, .65, 1.5, true},
                                 {.67, .4, 1, .65, 1.5, true}};

// Blots: smooth noise where it is above the threshold, else 0.
Plane blots(const Request& request, const Parameters& p) {
  Plane noise(request.image.height, request.image.width, 1);
  request.random.fill_standard_normal(noise.data(), noise.size());
  for (std::int64_t i = 0; i < noise.size(); ++i) noise.data()[i] = p.mean + p.deviation * noise.data()[i];
  Plane liquid = gaussian_filter(noise, p.sigma);
  std::replace_if(
      liquid.data(), liquid.data() + liquid.size(), [&](double height) { return height < p.threshold; }, 0.0);
  return liquid;
}

// How bright water shines: relief of the distance to the blots' edges, times their height. The same calls to OpenCV
// as the programs make.
cv::Mat gleam(const Plane& liquid) {
  cv::Mat height(static_cast<int>(liquid.height()), static_cast<int>(liquid.width()), CV_8U);
  std::transform(liquid.data(), liquid.data() + liquid.size(), height.data,
                 [](double share) { return static_cast<std::uint8_t>(static_cast<int>(share * 255)); });
  cv::Mat edges, distance, relief;
  cv::Canny(height, edges, 50, 150);
  cv::distanceTransform(255 - edges, distance, cv::DIST_L2, 5);
  cv::threshold(distance, distance, 20, 20, cv::THRESH_TRUNC);
  cv::blur(distance, distance, {3, 3});
  relief.create(distance.size(), CV_8U);
  std::transform(distance.ptr<float>(), distance.ptr<float>() + distance.total(), relief.data,
                 [](float value) { return static_cast<std::uint8_t>(value); });  // convertTo would round
  cv::equalizeHist(relief, relief);
  const float emboss[9] = {-2, -1, 0, -1, 1, 1, 0, 1, 2};
  cv::filter2D(relief, relief, CV_8U, cv::Mat(3, 3, CV_32F, const_cast<float*>(emboss)));
  cv::blur(relief, relief, {3, 3});
  cv::Mat shine;
  cv::multiply(height, relief, shine, 1, CV_32F);
  return shine;
}

LUVIT_FOR_EACH_PROCESSOR
void add_water(const float* shine, float brightest, float strength, std::int64_t pixels, float* image) {
  constexpr float turquoise[3] = {static_cast<float>(175 / 255.), static_cast<float>(238 / 255.),
                                  static_cast<float>(238 / 255.)};
  for (std::int64_t i = 0; i < pixels; ++i) {
    const float light = shine[i] / brightest * strength;
    for (int c = 0; c < 3; ++c) image[3 * i + c] += light * turquoise[c];
  }
}

Image water(const Request& request, const Plane& liquid, double strength) {
  const cv::Mat shine = gleam(liquid);
  double brightest = 0;
  cv::minMaxLoc(shine, nullptr, &brightest);
  if (brightest == 0) return request.image;  // no blot in sight
  FloatPlane image = float_shares(request.image);
  add_water(shine.ptr<float>(), static_cast<float>(brightest), static_cast<float>(strength), liquid.size(),
            image.data());
  return to_image(image);
}

// The two programs hold the colour in different types.
template <typename Number>
LUVIT_INLINE void cover(const double* mud, const float* image, std::int64_t pixels, Number* out) {
  constexpr Number brown[3] = {static_cast<Number>(63 / 255.), static_cast<Number>(42 / 255.),
                               static_cast<Number>(20 / 255.)};
  for (std::int64_t i = 0; i < pixels; ++i) {
    const auto share = static_cast<float>(mud[i]);
    for (int c = 0; c < 3; ++c) {
      out[3 * i + c] = static_cast<Number>(image[3 * i + c] * (1.0f - share)) + brown[c] * static_cast<Number>(share);
    }
  }
}
LUVIT_FOR_EACH_PROCESSOR
void cover_with_mud(const double* mud, const float* image, std::int64_t pixels, double* out) {
  cover(mud, image, pixels, out);
}
LUVIT_FOR_EACH_PROCESSOR
void cover_with_mud(const double* mud, const float* image, std::int64_t pixels, float* out) {
  cover(mud, image, pixels, out);
}

template <typename Number>
Image muddy(const Request& request, const Plane& mud) {
  const FloatPlane image = float_shares(request.image);
  PlaneOf<Number> out(image.height(), image.width(), 3);
  cover_with_mud(mud.data(), image.data(), mud.size(), out.data());
  return to_image(out);
}

Image splash_of_mud(const Request& request, Plane liquid, const Parameters& p) {
  std::transform(liquid.data(), liquid.data() + liquid.size(), liquid.data(),
                 [&](double height) { return height > p.threshold ? 1.0 : 0.0; });
  Plane mud = gaussian_filter(liquid, {.sigma_y = p.strength, .sigma_x = p.strength, .single = true});
  std::replace_if(
      mud.data(), mud.data() + mud.size(), [](double share) { return static_cast<float>(share) < 0.8f; }, 0.0);
  return request.official() ? muddy<float>(request, mud) : muddy<double>(request, mud);
}

}  // namespace

Image spatter(const Request& request) {
  const Parameters& p = request.of(table);
  Plane liquid = blots(request, p);
  return p.mud ? splash_of_mud(request, std::move(liquid), p) : water(request, liquid, p.strength);
}

}  // namespace luvit
