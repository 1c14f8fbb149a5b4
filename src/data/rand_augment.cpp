#include "luvit/data/rand_augment.h"

#include <algorithm>
#include <cmath>

namespace luvit {

double op_argument(PixelOp op, double magnitude, bool negative) {
  const double level = magnitude / 10;
  const auto turned = [negative](double value) { return negative ? -value : value; };
  switch (op) {
    case PixelOp::auto_contrast:
    case PixelOp::equalize:
    case PixelOp::invert:
      return 0;
    case PixelOp::rotate:
      return turned(level * 30);
    case PixelOp::posterize:
      return 4 - std::trunc(level * 4);
    case PixelOp::solarize:
      return 256 - std::min(256.0, std::trunc(level * 256));
    case PixelOp::solarize_add:
      return std::min(128.0, std::trunc(level * 110));
    case PixelOp::color:
    case PixelOp::contrast:
    case PixelOp::brightness:
    case PixelOp::sharpness:
      return std::max(0.1, 1 + turned(level * 0.9));
    case PixelOp::shear_x:
    case PixelOp::shear_y:
      return turned(level * 0.3);
    case PixelOp::translate_x:
    case PixelOp::translate_y:
      return turned(level * 0.45);
  }
  return 0;
}

std::optional<DrawnOp> draw_op(Random& random, const RandAugmentOptions& options) {
  const auto op = static_cast<PixelOp>(random.below(pixel_ops));
  const bool applied = random.uniform() < 0.5;
  const double magnitude = std::clamp(options.magnitude + options.std * random.normal(), 0.0, 10.0);
  const bool negative = random.uniform() < 0.5;
  if (!applied) return std::nullopt;
  return DrawnOp{op, op_argument(op, magnitude, negative)};
}

}  // namespace luvit
