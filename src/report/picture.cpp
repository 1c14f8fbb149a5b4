#include "luvit/report/picture.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <span>

#include "luvit/data/transforms.h"

namespace luvit {
namespace {

std::string as_jpeg(const Image& image) {
  cv::Mat blue_first(static_cast<int>(image.height), static_cast<int>(image.width), CV_8UC3);
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)
    for (std::size_t c = 0; c < 3; ++c) blue_first.data[i + c] = image.pixels[i + 2 - c];
  std::vector<std::uint8_t> bytes;
  cv::imencode(".jpg", blue_first, bytes, {cv::IMWRITE_JPEG_QUALITY, 82, cv::IMWRITE_JPEG_OPTIMIZE, 1});
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Picture picture_of(Image image, std::int64_t longest) {
  constexpr std::int64_t small = 64;
  const std::int64_t side = std::max(image.height, image.width);
  if (side <= small) return {"image/png", encode_png(image), image.width, image.height};
  if (side > longest) {
    const auto scaled = [&](std::int64_t length) { return std::max<std::int64_t>(1, length * longest / side); };
    image = resize_as_pillow(image, scaled(image.height), scaled(image.width));
  }
  return {"image/jpeg", as_jpeg(image), image.width, image.height};
}

Picture picture_of(const fs::path& file, std::int64_t longest) {
  const std::string bytes = read_file(file);
  const std::span<const std::uint8_t> encoded(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return picture_of(decode(encoded, file.string()), longest);
}

}  // namespace luvit
