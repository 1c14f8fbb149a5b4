#include <cmath>

#include "luvit/data/transforms.h"
#include "request.h"

namespace luvit {
namespace {

// Pillow's nearest neighbour: the place is added up pixel by pixel, rounding errors and all.
std::vector<std::int64_t> nearest(std::int64_t in, std::int64_t out) {
  const double step = static_cast<double>(in) / static_cast<double>(out);
  std::vector<std::int64_t> places(static_cast<std::size_t>(out));
  double place = step * 0.5;
  for (auto& to : places) {
    to = static_cast<std::int64_t>(place);
    place += step;
  }
  return places;
}

Image resize_nearest(const Image& image, std::int64_t height, std::int64_t width) {
  const auto rows = nearest(image.height, height), columns = nearest(image.width, width);
  Image out{height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * 3))};
  std::uint8_t* to = out.pixels.data();
  for (const std::int64_t row : rows) {
    for (const std::int64_t column : columns) {
      const std::uint8_t* from = image.pixels.data() + (row * image.width + column) * 3;
      for (int c = 0; c < 3; ++c) *to++ = from[c];
    }
  }
  return out;
}

}  // namespace

Image pixelate(const Request& request) {
  static constexpr double shares[5] = {.6, .5, .4, .3, .25};
  const Image& image = request.image;
  const auto smaller = [share = request.of(shares)](std::int64_t side) {
    return static_cast<std::int64_t>(static_cast<double>(side) * share);
  };
  const Image coarse = resize_as_pillow(image, smaller(image.height), smaller(image.width), Filter::box);
  return request.official() ? resize_as_pillow(coarse, image.height, image.width, Filter::box)
                            : resize_nearest(coarse, image.height, image.width);
}

Image through_jpeg(const Image& image, int quality) {
  const std::string bytes = encode_jpeg(image, quality, /*optimize=*/false);
  return decode({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "a JPEG in memory");
}

Image jpeg_compression(const Request& request) {
  static constexpr int qualities[5] = {25, 18, 15, 10, 7};
  return through_jpeg(request.image, request.of(qualities));
}

}  // namespace luvit
