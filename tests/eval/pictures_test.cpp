#include "luvit/eval/pictures.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "luvit/core/error.h"
#include "luvit/models/mae.h"

namespace luvit {
namespace {

constexpr std::int64_t gap = 4;

at::Tensor pixels_of(const Image& image) {
  return at::tensor(at::ArrayRef<std::uint8_t>(image.pixels), at::kByte).view({image.height, image.width, 3});
}

// Photograph-like levels, the same on every run.
at::Tensor levels(std::int64_t batch, std::int64_t side) {
  const at::Tensor wave = at::sin(at::arange(batch * 3 * side * side, at::kFloat) * 0.37f);
  return (wave * 100 + 120).round().view({batch, 3, side, side});
}

at::Tensor normalised(const at::Tensor& level, const Preprocess& preprocess) {
  const auto channels = [](const std::vector<double>& values) {
    return at::tensor(at::ArrayRef<double>(values), at::kFloat).view({1, 3, 1, 1});
  };
  return (level / 255 - channels(preprocess.mean)) / channels(preprocess.std);
}

// MAE's target under norm_pix, written out again.
at::Tensor target_of(const at::Tensor& images, std::int64_t patch_size) {
  const at::Tensor patches = patchify(images, patch_size);
  const at::Tensor mean = patches.mean(-1, true);
  const at::Tensor variance = (patches - mean).square().sum(-1, true) / static_cast<double>(patches.size(2) - 1);
  return (patches - mean) / (variance + 1e-6).sqrt();
}

// Column of a sheet as [rows,tile,tile,3].
at::Tensor column_of(const at::Tensor& sheet, std::int64_t column, std::int64_t tile, std::int64_t rows) {
  std::vector<at::Tensor> tiles;
  for (std::int64_t row = 0; row < rows; ++row)
    tiles.push_back(sheet.narrow(0, row * (tile + gap), tile).narrow(1, column * (tile + gap), tile));
  return at::stack(tiles);
}

class Reconstruction : public ::testing::TestWithParam<bool> {};

TEST_P(Reconstruction, PerfectPredictionGivesTheOriginalBack) {
  const bool norm_pix = GetParam();
  const Preprocess preprocess;
  const at::Tensor images = normalised(levels(2, 32), preprocess);
  const at::Tensor pred = norm_pix ? target_of(images, 8) : patchify(images, 8);
  const at::Tensor sheet = pixels_of(reconstruction_sheet(images, pred, at::ones({2, 16}), 8, norm_pix, preprocess));
  ASSERT_EQ(sheet.sizes(), at::IntArrayRef({2 * 96 + gap, 3 * 96 + 2 * gap, 3}));
  const at::Tensor original = column_of(sheet, 0, 96, 2);
  EXPECT_TRUE(at::equal(original, column_of(sheet, 2, 96, 2)));
  EXPECT_TRUE(
      at::equal(original.slice(1, 1, 96, 3).slice(2, 1, 96, 3), levels(2, 32).permute({0, 2, 3, 1}).to(at::kByte)));
  EXPECT_TRUE(column_of(sheet, 1, 96, 2).eq(128).all().item<bool>());
}
INSTANTIATE_TEST_SUITE_P(NormPix, Reconstruction, ::testing::Bool());

TEST(ReconstructionSheet, VisiblePatchesAreShownAsTheyAre) {
  const Preprocess preprocess;
  const at::Tensor images = normalised(levels(1, 128), preprocess);
  at::Tensor mask = at::zeros({1, 4});
  mask[0][1] = 1;  // the patch top right
  const at::Tensor sheet =
      pixels_of(reconstruction_sheet(images, at::zeros({1, 4, 64 * 64 * 3}), mask, 64, true, preprocess));
  ASSERT_EQ(sheet.sizes(), at::IntArrayRef({128, 3 * 128 + 2 * gap, 3}));
  const at::Tensor original = column_of(sheet, 0, 128, 1)[0], masked = column_of(sheet, 1, 128, 1)[0],
                   rebuilt = column_of(sheet, 2, 128, 1)[0];
  for (const at::Tensor& shown : {masked, rebuilt}) {
    EXPECT_TRUE(at::equal(shown.narrow(0, 64, 64), original.narrow(0, 64, 64)));
    EXPECT_TRUE(at::equal(shown.narrow(1, 0, 64), original.narrow(1, 0, 64)));
  }
  const at::Tensor hidden = rebuilt.narrow(0, 0, 64).narrow(1, 64, 64);
  EXPECT_FALSE(at::equal(hidden, original.narrow(0, 0, 64).narrow(1, 64, 64)));
  // A prediction of zero is the patch's mean, in normalised values.
  const at::Tensor mean = patchify(images, 64)[0][1].mean();
  const auto red = std::lround((mean.item<double>() * preprocess.std[0] + preprocess.mean[0]) * 255);
  EXPECT_EQ(hidden[5][5][0].item<std::int64_t>(), red);
  EXPECT_TRUE(masked.narrow(0, 0, 64).narrow(1, 64, 64).eq(128).all().item<bool>());
}

TEST(MapSheet, EachMapRunsFromItsOwnMinimumToItsMaximum) {
  const Preprocess preprocess;
  const at::Tensor images = normalised(levels(1, 96), preprocess);
  const at::Tensor entropy =
      at::tensor({99.0f, 1.0f, 2.0f, 3.0f, 2.0f}).view({1, 5});  // the class token's is not shown
  const at::Tensor sheet = pixels_of(map_sheet(images, entropy, at::full({1, 4}, 7.0f), preprocess));
  const at::Tensor map = column_of(sheet, 1, 96, 1)[0], constant = column_of(sheet, 2, 96, 1)[0];
  const at::Tensor dark = at::tensor({68, 1, 84}, at::kByte), bright = at::tensor({253, 231, 37}, at::kByte);
  EXPECT_TRUE(map.narrow(0, 0, 48).narrow(1, 0, 48).eq(dark).all().item<bool>());
  EXPECT_TRUE(map.narrow(0, 48, 48).narrow(1, 0, 48).eq(bright).all().item<bool>());
  EXPECT_TRUE(at::equal(map[0][95], map[95][95]));
  EXPECT_TRUE(constant.eq(dark).all().item<bool>());
}

TEST(ViewOf, KnowsTwoFilters) {
  Preprocess preprocess{.resize = 40, .crop = 32, .interpolation = "bilinear"};
  EXPECT_EQ(view_of(preprocess).filter, Filter::bilinear);
  EXPECT_EQ(view_of(preprocess).resize, 40);
  preprocess.interpolation = "nearest";
  EXPECT_THROW(view_of(preprocess), DataError);
}

}  // namespace
}  // namespace luvit
