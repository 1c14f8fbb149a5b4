#include "picture_sheet.h"

#include <ATen/ATen.h>

namespace luvit {
namespace {

constexpr std::int64_t smallest_tile = 96, gap = 4;

at::Tensor channels(const std::vector<double>& values) {
  return at::tensor(at::ArrayRef<double>(values), at::kFloat).view({1, -1, 1, 1});
}

}  // namespace

at::Tensor to_pixels(const at::Tensor& images, const Preprocess& preprocess) {
  const at::Tensor values = images * channels(preprocess.std) + channels(preprocess.mean);
  return (values * 255).round().clamp(0, 255).to(at::kByte);
}

Image make_sheet(const std::vector<at::Tensor>& columns) {
  const std::int64_t rows = columns.front().size(0), side = columns.front().size(2);
  const std::int64_t factor = (smallest_tile + side - 1) / side, tile = side * factor, step = tile + gap;
  const auto count = static_cast<std::int64_t>(columns.size());
  at::Tensor sheet = at::full({rows * step - gap, count * step - gap, 3}, 255, at::kByte);
  for (std::int64_t column = 0; column < count; ++column) {
    const at::Tensor enlarged =
        columns[static_cast<std::size_t>(column)].repeat_interleave(factor, 2).repeat_interleave(factor, 3).permute(
            {0, 2, 3, 1});
    for (std::int64_t row = 0; row < rows; ++row)
      sheet.narrow(0, row * step, tile).narrow(1, column * step, tile).copy_(enlarged[row]);
  }
  const auto* bytes = sheet.const_data_ptr<std::uint8_t>();
  return {.height = sheet.size(0), .width = sheet.size(1), .pixels = {bytes, bytes + sheet.numel()}};
}

}  // namespace luvit
