#include "luvit/data/image.h"

#include <cstring>

#include "codecs.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

bool begins(Bytes encoded, std::string_view mark, std::size_t at = 0) {
  return encoded.size() >= at + mark.size() && std::memcmp(encoded.data() + at, mark.data(), mark.size()) == 0;
}

ImageSize size_of(Format format, Bytes encoded, const std::string& name) {
  switch (format) {
    case Format::jpeg:
      return jpeg_size(encoded, name);
    case Format::png:
      return png_size(encoded, name);
    case Format::webp:
      return webp_size(encoded, name);
    case Format::bmp:
      return bmp_size(encoded, name);
    case Format::tiff:
      return tiff_size(encoded, name);
  }
  throw std::logic_error("image format");
}

void decode_whole(Format format, Bytes encoded, const std::string& name, Image& out) {
  if (format == Format::png) return decode_png(encoded, name, out);
  const auto size = size_of(format, encoded, name);
  check_size(size.height, size.width, name);
  if (format == Format::jpeg) return decode_jpeg(encoded, name, {0, 0, size.height, size.width}, out);
  decode_opencv(encoded, name, out);
}

}  // namespace

Format image_format(Bytes encoded, const std::string& name) {
  if (encoded.empty())
    throw DataError(str(name, ": an empty file, expected an image"), "copy the file again, or leave it out");
  if (begins(encoded, "\xFF\xD8\xFF")) return Format::jpeg;
  if (begins(encoded, "\x89PNG\r\n\x1A\n")) return Format::png;
  if (begins(encoded, "RIFF") && begins(encoded, "WEBP", 8)) return Format::webp;
  if (begins(encoded, "BM")) return Format::bmp;
  using std::literals::operator""sv;
  if (begins(encoded, "II*\0"sv) || begins(encoded, "MM\0*"sv)) return Format::tiff;
  const auto* text = reinterpret_cast<const char*>(encoded.data());
  throw DataError(str(name, ": not an image: it begins with '",
                      escape(std::string_view(text, std::min<std::size_t>(encoded.size(), 8))),
                      "', expected JPEG, PNG, WebP, BMP or TIFF"),
                  "copy the file again, or leave it out");
}

void check_size(std::int64_t height, std::int64_t width, const std::string& name) {
  if (height <= 0 || width <= 0 || height > most_pixels || width > most_pixels || height * width > most_pixels) {
    throw DataError(
        str(name, ": an image of ", width, "×", height, " pixels; expected at least one and at most ", most_pixels));
  }
}

void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, std::int64_t pixels) {
  // Adobe's files hold the ink inverted, and Pillow takes every four-component JPEG for one of them. Its product of
  // two bytes is a rounded a·b/255.
  for (std::int64_t i = 0; i < pixels; ++i) {
    const int paper = cmyk[4 * i + 3];
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - cmyk[4 * i + c]) * paper + 128;
      rgb[3 * i + c] = static_cast<std::uint8_t>(std::max(0, paper - ((product + (product >> 8)) >> 8)));
    }
  }
}

ImageSize image_size(std::span<const std::uint8_t> encoded, const std::string& name) {
  const auto size = size_of(image_format(encoded, name), encoded, name);
  check_size(size.height, size.width, name);
  return size;
}

Image decode(std::span<const std::uint8_t> encoded, const std::string& name) {
  Image image;
  decode_whole(image_format(encoded, name), encoded, name, image);
  return image;
}

void decode_box(std::span<const std::uint8_t> encoded, const std::string& name, const Box& box, Image& out) {
  const auto format = image_format(encoded, name);
  if (format == Format::jpeg) return decode_jpeg(encoded, name, box, out);
  static thread_local Image whole;
  decode_whole(format, encoded, name, whole);
  if (box.top + box.height > whole.height || box.left + box.width > whole.width) {
    throw DataError(str(name, ": the image is smaller than its header says"));
  }
  out.height = box.height;
  out.width = box.width;
  out.pixels.resize(static_cast<std::size_t>(box.height * box.width * 3));
  for (std::int64_t y = 0; y < box.height; ++y) {
    std::memcpy(out.pixels.data() + y * box.width * 3,
                whole.pixels.data() + ((box.top + y) * whole.width + box.left) * 3,
                static_cast<std::size_t>(box.width * 3));
  }
}

}  // namespace luvit
