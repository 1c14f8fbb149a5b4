#include "mask_cells.h"

#include <gtest/gtest.h>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

using Cells = std::vector<std::uint8_t>;

Image blank(std::int64_t height, std::int64_t width) {
  return {height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * 3))};
}

void set(Image& mask, std::int64_t y, std::int64_t x, int id) {
  std::uint8_t* pixel = mask.pixels.data() + (y * mask.width + x) * 3;
  pixel[0] = static_cast<std::uint8_t>(id % 256);
  pixel[1] = static_cast<std::uint8_t>(id / 256);
}

const EvaluationView as_it_is{.resize = 8, .crop = 8};

TEST(MaskCells, OnePixelSetsOneCell) {
  Image mask = blank(8, 8);
  set(mask, 5, 2, 1);
  EXPECT_EQ(mask_cells(mask, as_it_is, 4), (Cells{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(MaskCells, IdsGoBeyondAByteAndThousandIsNeither) {
  Image mask = blank(8, 8);
  set(mask, 0, 0, 256);   // green 1, red 0
  set(mask, 0, 7, 919);   // the last class
  set(mask, 7, 0, 1000);  // to be ignored
  set(mask, 7, 6, 1000);
  set(mask, 7, 7, 3);  // a class wins over pixels to be ignored
  EXPECT_EQ(mask_cells(mask, as_it_is, 2), (Cells{foreground, foreground, ignored, foreground}));
}

// A pixel of the original belongs to every cell whose patch covers a part of it: here each of three original columns
// becomes 8/3 of the eight, and the middle one lies in both halves.
TEST(MaskCells, FootprintsReachOverTheirEdges) {
  Image mask = blank(3, 3);
  set(mask, 0, 1, 1);
  EXPECT_EQ(mask_cells(mask, as_it_is, 2), (Cells{1, 1, 0, 0}));
  set(mask, 0, 1, 0);
  set(mask, 2, 2, 1);
  EXPECT_EQ(mask_cells(mask, as_it_is, 2), (Cells{0, 0, 0, 1}));
}

// A mask that would lose a thin object if it were resized by its nearest pixels.
TEST(MaskCells, ThinObjectsSurviveAGreatReduction) {
  Image mask = blank(800, 800);
  for (std::int64_t y = 0; y < 800; ++y) set(mask, y, 333, 7);
  for (const std::uint8_t cell : {mask_cells(mask, as_it_is, 8)[3], mask_cells(mask, as_it_is, 8)[59]})
    EXPECT_EQ(cell, foreground);
}

TEST(MaskCells, TheCropsBordersAndMarginsCount) {
  // 16×8, cut to its middle 8×8: what lies outside is not seen.
  Image wide = blank(8, 16);
  set(wide, 0, 3, 1);
  set(wide, 7, 12, 1);
  EXPECT_EQ(mask_cells(wide, as_it_is, 2), (Cells{0, 0, 0, 0}));
  set(wide, 0, 4, 1);
  EXPECT_EQ(mask_cells(wide, as_it_is, 2), (Cells{1, 0, 0, 0}));
  // Smaller than the crop: black margins are background.
  Image small = blank(2, 2);
  for (std::int64_t i = 0; i < 4; ++i) set(small, i / 2, i % 2, 1);
  EXPECT_EQ(mask_cells(small, {.resize = 2, .crop = 8}, 4), (Cells{0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0}));
}

TEST(MaskCells, AreReadWithTheirImagesSizeInMind) {
  const TemporaryFolder folder;
  Image mask = blank(8, 8);
  set(mask, 0, 0, 2);
  const std::string of_mask = (folder / "m.png").string(), of_image = (folder / "i.png").string();
  write_durably(of_mask, encode_png(mask));
  write_durably(of_image, encode_png(blank(8, 8)));
  EXPECT_EQ(read_mask_cells(of_mask, of_image, as_it_is, 2), (Cells{1, 0, 0, 0}));
  write_durably(of_image, encode_png(blank(9, 8)));
  try {
    read_mask_cells(of_mask, of_image, as_it_is, 2);
    FAIL();
  } catch (const DataError& error) {
    const std::string text = error.what();
    for (const char* part : {"m.png", "i.png", "8×8", "8×9"}) EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace luvit
