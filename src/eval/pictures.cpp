#include "luvit/eval/pictures.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/models/mae.h"
#include "luvit/report/colours.h"
#include "picture_sheet.h"

namespace luvit {
namespace {

constexpr int grey = 128;

// The values that MAE's loss divides and shifts a patch by (unbiased variance, 1e-6 under the root), undone.
at::Tensor denormalised(const at::Tensor& pred, const at::Tensor& patches) {
  const auto [variance, mean] =
      at::var_mean(patches, at::OptionalIntArrayRef({-1}), /*correction=*/1, /*keepdim=*/true);
  return pred * (variance + 1e-6).sqrt() + mean;
}

// [B,L] → [B,L] in 0..1, each image by its own extremes.
at::Tensor min_max(const at::Tensor& map) {
  const at::Tensor low = map.amin(-1, /*keepdim=*/true), span = map.amax(-1, /*keepdim=*/true) - low;
  return at::where(span > 0, (map - low) / span, at::zeros({}));
}

// [B,L] in 0..1 → [B,L,3] uint8
at::Tensor coloured(const at::Tensor& values) {
  const at::Tensor shares = values.to(at::kDouble).contiguous();
  at::Tensor colours = at::empty({shares.size(0), shares.size(1), 3}, at::kByte);
  auto* out = colours.mutable_data_ptr<std::uint8_t>();
  for (std::int64_t i = 0; i < shares.numel(); ++i)
    out = std::ranges::copy(viridis(shares.const_data_ptr<double>()[i]), out).out;
  return colours;
}

// [B,L] → [B,3,S,S], a cell as large as its patch.
at::Tensor map_tiles(const at::Tensor& map, std::int64_t side) {
  const auto grid = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(map.size(1)))));
  return coloured(min_max(map))
      .view({map.size(0), grid, grid, 3})
      .permute({0, 3, 1, 2})
      .repeat_interleave(side / grid, 2)
      .repeat_interleave(side / grid, 3);
}

}  // namespace

EvaluationView view_of(const Preprocess& preprocess) {
  EvaluationView view{
      .resize = preprocess.resize, .crop = preprocess.crop, .mean = preprocess.mean, .std = preprocess.std};
  if (preprocess.interpolation == "bilinear")
    view.filter = Filter::bilinear;
  else if (preprocess.interpolation != "bicubic")
    throw DataError(
        str("luvit.preprocess: interpolation '", preprocess.interpolation, "', expected bilinear or bicubic"));
  return view;
}

Image reconstruction_sheet(const at::Tensor& images, const at::Tensor& pred, const at::Tensor& mask,
                           std::int64_t patch_size, bool norm_pix, const Preprocess& preprocess) {
  const at::Tensor patches = patchify(images, patch_size);
  const at::Tensor hidden = unpatchify(mask.unsqueeze(-1).expand_as(patches), patch_size) > 0.5;
  const at::Tensor original = to_pixels(images, preprocess);
  const at::Tensor predicted =
      to_pixels(unpatchify(norm_pix ? denormalised(pred, patches) : pred, patch_size), preprocess);
  return make_sheet({original, original.masked_fill(hidden, grey), at::where(hidden, predicted, original)});
}

Image map_sheet(const at::Tensor& images, const at::Tensor& entropy, const at::Tensor& norm,
                const Preprocess& preprocess) {
  const std::int64_t side = images.size(2);
  return make_sheet(
      {to_pixels(images, preprocess), map_tiles(entropy.narrow(1, 1, norm.size(1)), side), map_tiles(norm, side)});
}

}  // namespace luvit
