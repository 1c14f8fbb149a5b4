// For scripts/check_rand_augment.py: applies operations to an image and times them.
//
//   apply_pixel_ops IN.safetensors OUT.safetensors
//
// IN: `image` uint8 [H,W,3], `calls` float64 [N,2] (operation, argument), `repeats` int64 [1].
// OUT: `images` uint8 [N,H,W,3], `seconds` float64 [N], the fastest of the repeats.
#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iostream>
#include <limits>

#include "luvit/data/pixel_ops.h"
#include "luvit/io/safetensors.h"

namespace {

double seconds_of(const auto& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void run(const std::string& in, const std::string& out) {
  const luvit::SafetensorsFile file(in);
  const at::Tensor pixels = file.read("image").contiguous(), calls = file.read("calls").contiguous();
  const auto* first = pixels.data_ptr<std::uint8_t>();
  const luvit::Image image{pixels.size(0), pixels.size(1), {first, first + pixels.numel()}};
  const auto repeats = file.read("repeats").item<std::int64_t>();
  at::Tensor images = at::empty({calls.size(0), image.height, image.width, 3}, at::kByte);
  at::Tensor seconds = at::full({calls.size(0)}, std::numeric_limits<double>::infinity(), at::kDouble);
  luvit::Image result;
  for (std::int64_t i = 0; i < calls.size(0); ++i) {
    const double* call = calls.data_ptr<double>() + 2 * i;
    double& fastest = seconds.data_ptr<double>()[i];
    for (std::int64_t repeat = 0; repeat < repeats; ++repeat) {
      const double taken = seconds_of([&] {
        apply(static_cast<luvit::PixelOp>(static_cast<int>(call[0])), image, call[1], {124, 116, 104}, result);
      });
      fastest = std::min(fastest, taken);
    }
    std::memcpy(images[i].data_ptr(), result.pixels.data(), result.pixels.size());
  }
  luvit::write_safetensors(out, {{"images", images}, {"seconds", seconds}}, {});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: apply_pixel_ops IN.safetensors OUT.safetensors\n";
    return 2;
  }
  run(argv[1], argv[2]);
}
