#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include "resize.h"

namespace luvit {

void resize_fast(const Image& image, std::int64_t height, std::int64_t width, Image& out) {
  const c10::InferenceMode no_autograd;
  const auto as_tensor = [](const std::uint8_t* pixels, std::int64_t h, std::int64_t w) {
    return at::from_blob(const_cast<std::uint8_t*>(pixels), {1, 3, h, w}, {h * w * 3, 1, w * 3, 3}, at::kByte);
  };
  out.height = height;
  out.width = width;
  out.pixels.resize(static_cast<std::size_t>(height * width * 3));
  at::Tensor result = as_tensor(out.pixels.data(), height, width);
  at::_upsample_bicubic2d_aa_out(result, as_tensor(image.pixels.data(), image.height, image.width), {height, width},
                                 /*align_corners=*/false);
}

Image resize_fast(const Image& image, std::int64_t height, std::int64_t width) {
  Image out;
  resize_fast(image, height, width, out);
  return out;
}

}  // namespace luvit
