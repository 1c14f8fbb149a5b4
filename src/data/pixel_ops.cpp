#include "luvit/data/pixel_ops.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "pixel_kernels.h"

namespace luvit {
namespace {

template <typename Level>
Table table_of(Level level) {
  Table table;
  for (int i = 0; i < 256; ++i) table[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(level(i));
  return table;
}

Table posterize(int bits) {
  const int mask = ~((1 << (8 - bits)) - 1);
  return table_of([mask](int i) { return i & mask; });
}

Table solarize(int threshold) {
  return table_of([threshold](int i) { return i < threshold ? i : 255 - i; });
}

Table solarize_add(int add) {
  return table_of([add](int i) { return i < 128 ? std::min(255, i + add) : i; });
}

void rotate(const Image& image, double degrees, const Fill& fill, Image& out) {
  if (degrees == 0) {  // as Pillow
    out = image;
  } else {
    transform(image, rotation(degrees, image.height, image.width), fill, out);
  }
}

}  // namespace

const char* name(PixelOp op) {
  static constexpr const char* names[pixel_ops] = {"AutoContrast",
                                                   "Equalize",
                                                   "Invert",
                                                   "Rotate",
                                                   "PosterizeIncreasing",
                                                   "SolarizeIncreasing",
                                                   "SolarizeAdd",
                                                   "ColorIncreasing",
                                                   "ContrastIncreasing",
                                                   "BrightnessIncreasing",
                                                   "SharpnessIncreasing",
                                                   "ShearX",
                                                   "ShearY",
                                                   "TranslateXRel",
                                                   "TranslateYRel"};
  return names[static_cast<int>(op)];
}

Fill mean_colour(const std::vector<double>& mean) {
  Fill fill{};
  for (std::size_t c = 0; c < 3; ++c)
    fill[c] = static_cast<std::uint8_t>(std::clamp(std::nearbyint(255 * mean.at(c)), 0.0, 255.0));
  return fill;
}

void apply(PixelOp op, const Image& image, double argument, const Fill& fill, Image& out) {
  const int integer = static_cast<int>(argument);
  const auto factor = static_cast<float>(argument);
  const auto moved = [&](const Affine& matrix) { transform(image, matrix, fill, out); };
  switch (op) {
    case PixelOp::auto_contrast:
      return auto_contrast(image, out);
    case PixelOp::equalize:
      return equalize(image, out);
    case PixelOp::invert:
      return look_up(image, table_of([](int i) { return 255 - i; }), out);
    case PixelOp::rotate:
      return rotate(image, argument, fill, out);
    case PixelOp::posterize:
      return look_up(image, posterize(integer), out);
    case PixelOp::solarize:
      return look_up(image, solarize(integer), out);
    case PixelOp::solarize_add:
      return look_up(image, solarize_add(integer), out);
    case PixelOp::color:
      return enhance_color(image, factor, out);
    case PixelOp::contrast:
      return enhance_contrast(image, factor, out);
    case PixelOp::brightness:
      return enhance_brightness(image, factor, out);
    case PixelOp::sharpness:
      return enhance_sharpness(image, factor, out);
    case PixelOp::shear_x:
      return moved({1, argument, 0, 0, 1, 0});
    case PixelOp::shear_y:
      return moved({1, 0, 0, argument, 1, 0});
    case PixelOp::translate_x:
      return moved({1, 0, argument * static_cast<double>(image.width), 0, 1, 0});
    case PixelOp::translate_y:
      return moved({1, 0, 0, 0, 1, argument * static_cast<double>(image.height)});
  }
  throw std::logic_error("apply: no such operation");
}

Image apply(PixelOp op, const Image& image, double argument, const Fill& fill) {
  Image out;
  apply(op, image, argument, fill, out);
  return out;
}

}  // namespace luvit
