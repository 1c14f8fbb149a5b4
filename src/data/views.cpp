#include <cmath>
#include <cstring>

#include "codecs.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/data/transforms.h"
#include "resize.h"

namespace luvit {
namespace {

// torchvision's Resize(int): the shorter side becomes `size`, the longer one is truncated.
ImageSize resized(const ImageSize& image, std::int64_t size, const std::string& name) {
  const ImageSize out = image.width <= image.height ? ImageSize{size * image.height / image.width, size}
                                                    : ImageSize{size, size * image.width / image.height};
  if (out.height * out.width > most_pixels) {  // one row of pixels is a small file and would become gigabytes
    throw DataError(str(name, ": an image of ", image.width, "×", image.height, " pixels is too elongated: resized to ",
                        out.width, "×", out.height, " it has more than ", most_pixels, " pixels"),
                    "leave it out, or crop it first");
  }
  return out;
}

}  // namespace

ViewPlace evaluation_place(const ImageSize& image, std::int64_t resize, std::int64_t crop, const std::string& name) {
  if (resize == 0 && (image.height < crop || image.width < crop))
    throw DataError(str(name, ": an image of ", image.width, "×", image.height, " pixels, and ", crop, "×", crop,
                        " are to be cut from it as it is"),
                    "preprocess.resize brings images to another size");
  const ImageSize size = resize == 0 ? image : resized(image, resize, name);
  // torchvision rounds half of the margin to even where there is too much, and pads the smaller half first where
  // there is too little.
  const auto start = [crop](std::int64_t side) {
    return side >= crop ? static_cast<std::int64_t>(std::nearbyint(static_cast<double>(side - crop) / 2))
                        : -((crop - side) / 2);
  };
  return {size, start(size.height), start(size.width)};
}

Image evaluation_view(const Image& image, std::int64_t resize, std::int64_t crop, Filter filter,
                      const std::string& name) {
  const auto [size, top, left] = evaluation_place({image.height, image.width}, resize, crop, name);
  const auto [height, width] = size;
  const Image resampled = resize == 0 ? Image{} : resize_as_pillow(image, height, width, filter);
  const Image& whole = resize == 0 ? image : resampled;
  Image out{crop, crop, std::vector<std::uint8_t>(static_cast<std::size_t>(crop * crop * 3))};
  const std::int64_t first = std::max<std::int64_t>(left, 0), last = std::min(left + crop, width);
  for (std::int64_t y = std::max<std::int64_t>(top, 0); y < std::min(top + crop, height); ++y) {
    std::memcpy(out.pixels.data() + ((y - top) * crop + first - left) * 3,
                whole.pixels.data() + (y * width + first) * 3, static_cast<std::size_t>((last - first) * 3));
  }
  return out;
}

Normaliser::Normaliser(const std::vector<double>& mean, const std::vector<double>& std) {
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t level = 0; level < 256; ++level) {
      const float share = static_cast<float>(level) / 255.0f;
      table_[c][level] = (share - static_cast<float>(mean.at(c))) / static_cast<float>(std.at(c));
    }
  }
}

void Normaliser::operator()(const Image& image, bool flip, float* out) const {
  const std::int64_t width = image.width, plane = image.height * width;
  const std::int64_t step = flip ? -3 : 3;
  for (std::int64_t y = 0; y < image.height; ++y) {
    const std::uint8_t* from = image.pixels.data() + (y * width + (flip ? width - 1 : 0)) * 3;
    float* red = out + y * width;
    for (std::int64_t x = 0; x < width; ++x, from += step) {
      red[x] = table_[0][from[0]];
      red[plane + x] = table_[1][from[1]];
      red[2 * plane + x] = table_[2][from[2]];
    }
  }
}

void normalise(const Image& image, bool flip, const std::vector<double>& mean, const std::vector<double>& std,
               float* out) {
  Normaliser(mean, std)(image, flip, out);
}

}  // namespace luvit
