#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "luvit/data/image.h"

namespace luvit {

using Bytes = std::span<const std::uint8_t>;

enum class Format { jpeg, png, webp, bmp, tiff };

// By the first bytes, never by the name. DataError where they are none of ours.
Format image_format(Bytes encoded, const std::string& name);

// Width × height that no reader of ours goes beyond, and neither does Pillow: a few bytes could otherwise ask for
// gigabytes. check_size: DataError beyond.
inline constexpr std::int64_t most_pixels = 178'956'970;
void check_size(std::int64_t height, std::int64_t width, const std::string& name);

ImageSize jpeg_size(Bytes encoded, const std::string& name);
ImageSize png_size(Bytes encoded, const std::string& name);
ImageSize webp_size(Bytes encoded, const std::string& name);
ImageSize bmp_size(Bytes encoded, const std::string& name);
ImageSize tiff_size(Bytes encoded, const std::string& name);

// RGB of `box`, which lies within the image.
void decode_jpeg(Bytes encoded, const std::string& name, const Box& box, Image& out);
// RGB of the whole image.
void decode_png(Bytes encoded, const std::string& name, Image& out);
void decode_opencv(Bytes encoded, const std::string& name, Image& out);

// Pillow's CMYK to RGB, for the inverted ink that JPEG files hold.
void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, std::int64_t pixels);

}  // namespace luvit
