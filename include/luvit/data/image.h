#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace luvit {

struct Box {
  std::int64_t top = 0, left = 0, height = 0, width = 0;
};

// 8-bit RGB, rows of width·3 bytes.
struct Image {
  std::int64_t height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
};

// Size without decoding the pixels.
struct ImageSize {
  std::int64_t height, width;
};
ImageSize image_size(std::span<const std::uint8_t> encoded, const std::string& name);

// JPEG, PNG, WebP, BMP, TIFF by content; grey, CMYK, palette, alpha (dropped) and 16 bit become RGB as Pillow's
// convert("RGB") does; EXIF never turns an image. JPEG pixels equal Pillow's. DataError naming the file otherwise.
Image decode(std::span<const std::uint8_t> encoded, const std::string& name);
// Only the pixels of `box`, exactly as cutting them out of decode()'s result; JPEG decodes little more than that.
void decode_box(std::span<const std::uint8_t> encoded, const std::string& name, const Box& box, Image& out);

// `quick`: one filter and runs of equal bytes only; several times faster, and photographs take no more space.
std::string encode_png(const Image& image, bool quick = false);
// As Pillow's save(quality=…, optimize=…) does: YCbCr with chroma halved both ways.
std::string encode_jpeg(const Image& image, int quality, bool optimize);

}  // namespace luvit
