#include "pseudo_masks.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "mask_cells.h"

namespace luvit {
namespace {

// Images of four cells, with the map in the magnitude's channel.
TokenMaps maps_of(const std::vector<std::vector<float>>& values, const std::vector<std::vector<std::uint8_t>>& cells) {
  const auto n = static_cast<std::int64_t>(values.size());
  TokenMaps maps{{}, at::zeros({n, TokenMaps::fixed_channels, 4}), at::empty({n, 4}, at::kByte)};
  for (std::int64_t i = 0; i < n; ++i) {
    maps.values[i][TokenMaps::magnitude].copy_(at::tensor(values[static_cast<std::size_t>(i)]));
    maps.cells[i].copy_(at::tensor(cells[static_cast<std::size_t>(i)], at::kByte));
  }
  return maps;
}

PseudoMasks masks_of(const TokenMaps& maps) {
  return PseudoMasks(maps, TokenMaps::magnitude);
}

constexpr std::int64_t at_half = 49;  // of the thresholds

TEST(PseudoMasks, AreCutAboveTheThreshold) {
  EXPECT_EQ(PseudoMasks::threshold(at_half), 0.5);
  // Brought to 0, 0.5, 0.75, 1: at 0.5 the second is not above it.
  const auto masks = masks_of(maps_of({{2, 4, 5, 6}}, {{0, 1, 1, 0}}));
  EXPECT_DOUBLE_EQ(masks.at(at_half, -1)[0], 1.0 / 3);
  EXPECT_DOUBLE_EQ(masks.at(at_half - 1, -1)[0], 2.0 / 3);
  EXPECT_DOUBLE_EQ(masks.at(98, -1)[0], 0);  // of 0.99: the last cell alone, which is background
}

TEST(PseudoMasks, IgnoredCellsCountForNeitherSide) {
  const auto masks = masks_of(maps_of({{0, 1, 1, 1}}, {{0, 1, 2, 2}}));
  EXPECT_DOUBLE_EQ(masks.at(at_half, -1)[0], 1);
  // But they take part in the map's range: 9 is the most.
  EXPECT_DOUBLE_EQ(masks_of(maps_of({{0, 1, 9, 0}}, {{0, 1, 2, 0}})).at(at_half, -1)[0], 0);
}

TEST(PseudoMasks, OfAConstantMapIsEmpty) {
  EXPECT_DOUBLE_EQ(masks_of(maps_of({{3, 3, 3, 3}}, {{0, 1, 1, 1}})).at(0, -1)[0], 0);
}

TEST(PseudoMasks, ImagesWithoutForegroundAreLeftOut) {
  const auto masks = masks_of(maps_of({{0, 1, 2, 3}, {0, 1, 2, 3}}, {{0, 0, 2, 2}, {0, 0, 1, 1}}));
  EXPECT_EQ(masks.at(at_half, -1).size(), 1u);
  EXPECT_FALSE(masks.best(0));  // the first image's half has none
  EXPECT_TRUE(masks.best(1));
  EXPECT_EQ(masks.oracle().size(), 1u);
}

TEST(PseudoMasks, TheThresholdIsChosenOnOneHalfAndTheLowestOfEquals) {
  // First half: right for every threshold in [0.25, 0.75); second half: only from 0.75 on.
  const TokenMaps maps = maps_of({{0, 0.25, 0.75, 1}, {0, 0.25, 0.75, 1}}, {{0, 0, 1, 1}, {0, 0, 0, 1}});
  const auto masks = masks_of(maps);
  EXPECT_EQ(PseudoMasks::threshold(*masks.best(0)), 0.25);
  EXPECT_EQ(PseudoMasks::threshold(*masks.best(1)), 0.75);
  EXPECT_DOUBLE_EQ(masks.at(*masks.best(0), 1)[0], 0.5);
  // Each image with a threshold of its own is right; 0.3 and 0.8 are among those tried.
  EXPECT_EQ(masks.oracle(), (std::vector<double>{1, 1}));
  EXPECT_EQ(all_foreground(maps, -1), (std::vector<double>{0.5, 0.25}));
  EXPECT_EQ(all_foreground(maps, 1), (std::vector<double>{0.25}));
}

TEST(PseudoMasks, EverythingForegroundIsAPossibleTruth) {
  const TokenMaps maps = maps_of({{0, 1, 2, 3}}, {{1, 1, 1, 1}});
  EXPECT_DOUBLE_EQ(masks_of(maps).at(0, -1)[0], 0.75);
  EXPECT_EQ(all_foreground(maps, -1), (std::vector<double>{1}));
}

}  // namespace
}  // namespace luvit
