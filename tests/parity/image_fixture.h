#pragma once
#include <ATen/ATen.h>

#include "luvit/data/image.h"
#include "luvit/io/safetensors.h"

namespace luvit {

// uint8 [H,W,3] of a fixture as an image, and the reverse.
inline Image image_of(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  const auto* first = whole.data_ptr<std::uint8_t>();
  return {whole.size(0), whole.size(1), {first, first + whole.numel()}};
}

inline at::Tensor tensor_of(const Image& image) {
  return at::from_blob(const_cast<std::uint8_t*>(image.pixels.data()), {image.height, image.width, 3}, at::kByte)
      .clone();
}

// How many pixels' channels differ, and by how much at most.
struct PixelDifference {
  double share_above_0 = 0, share_above_2 = 0;
  int largest = 0;
};

inline PixelDifference pixel_difference(const Image& got, const at::Tensor& expected) {
  const at::Tensor ours = tensor_of(got);
  if (ours.sizes() != expected.sizes()) return {1, 1, 255};
  const at::Tensor difference = (ours.to(at::kInt) - expected.to(at::kInt)).abs();
  return {difference.gt(0).to(at::kDouble).mean().item<double>(),
          difference.gt(2).to(at::kDouble).mean().item<double>(), difference.max().item<int>()};
}

inline SafetensorsFile image_fixture(const std::string& name) {
  return SafetensorsFile(std::string(LUVIT_SOURCE_DIR "/tests/parity/fixtures/image_") + name + ".safetensors");
}

}  // namespace luvit
