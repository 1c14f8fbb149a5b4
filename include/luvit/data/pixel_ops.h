#pragma once
#include <array>

#include "luvit/data/image.h"

namespace luvit {

// RandAugment's operations in timm's order (its data/auto_augment.py, the set `inc1`), each with Pillow 11.3's pixels.
enum class PixelOp {
  auto_contrast,  // ImageOps.autocontrast(); no argument, as the next two
  equalize,
  invert,
  rotate,        // degrees, counter-clockwise
  posterize,     // bits to keep
  solarize,      // threshold: levels from there on are inverted
  solarize_add,  // added to levels below 128
  color,         // factor of ImageEnhance: 1 leaves the image as it is; also of the next three
  contrast,
  brightness,
  sharpness,
  shear_x,  // pixels a row
  shear_y,
  translate_x,  // share of the side
  translate_y,
};
inline constexpr int pixel_ops = 15;
const char* name(PixelOp op);  // timm's: "PosterizeIncreasing"

// What rotation, shear and translation put where they look outside the image.
using Fill = std::array<std::uint8_t, 3>;
// timm's: the data's mean colour.
Fill mean_colour(const std::vector<double>& mean);

Image apply(PixelOp op, const Image& image, double argument, const Fill& fill = {124, 116, 104});
// The same into an image whose memory is used again, and which is not `image`.
void apply(PixelOp op, const Image& image, double argument, const Fill& fill, Image& out);

}  // namespace luvit
