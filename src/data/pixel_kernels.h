#pragma once
#include <array>

#include "luvit/data/image.h"

// The parts of pixel_ops.h. Where Pillow calculates in floating point, so do we, in its order and without fused
// multiply-add, since it truncates: the last bit of a sum can be a level.
namespace luvit {

using Table = std::array<std::uint8_t, 256>;

// A level of Image.blend(from, to, share); a share beyond 0 … 1 extrapolates.
inline std::uint8_t blended(int from, int to, float share) {
  const float level = static_cast<float>(from) + share * static_cast<float>(to - from);
  return level <= 0 ? 0 : level >= 255 ? 255 : static_cast<std::uint8_t>(level);
}

void auto_contrast(const Image& image, Image& out);
void equalize(const Image& image, Image& out);

// ImageEnhance's four, with the factor.
void enhance_color(const Image& image, float factor, Image& out);
void enhance_contrast(const Image& image, float factor, Image& out);
void enhance_brightness(const Image& image, float factor, Image& out);
void enhance_sharpness(const Image& image, float factor, Image& out);

// The image at (a·x + b·y + c, d·x + e·y + f), bicubic (a = −1): Image.transform(AFFINE).
using Affine = std::array<double, 6>;
void transform(const Image& image, const Affine& matrix, const std::array<std::uint8_t, 3>& fill, Image& out);
// Image.rotate's matrix, about the centre.
Affine rotation(double degrees, std::int64_t height, std::int64_t width);

// All three channels by one table.
void look_up(const Image& image, const Table& table, Image& out);

}  // namespace luvit
