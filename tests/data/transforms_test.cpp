#include "luvit/data/transforms.h"

#include "test_files.h"

namespace luvit {
namespace {

using testing::picture;

TEST(RandomResizedCrop, LiesWithinTheImageAndHasTheShareAndAspectAskedFor) {
  double smallest = 1, largest = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Random random(1, 0, i, Purpose::crop);
    const Box box = random_resized_crop(random, 375, 500, 0.2, 1.0);
    ASSERT_GE(box.top, 0);
    ASSERT_GE(box.left, 0);
    ASSERT_LE(box.top + box.height, 375);
    ASSERT_LE(box.left + box.width, 500);
    const double share = static_cast<double>(box.height * box.width) / (375 * 500);
    const double aspect = static_cast<double>(box.width) / static_cast<double>(box.height);
    EXPECT_GT(aspect, 0.74);
    EXPECT_LT(aspect, 1.35);
    smallest = std::min(smallest, share);
    largest = std::max(largest, share);
  }
  EXPECT_NEAR(smallest, 0.2, 0.02);
  EXPECT_NEAR(largest, 1.0, 0.05);
}

TEST(RandomResizedCrop, FitsImagesOfOnePixelAndStrips) {
  for (const auto& [height, width] : {std::pair{1, 1}, std::pair{1, 500}, std::pair{700, 2}}) {
    Random random(1, 0, 7, Purpose::crop);
    const Box box = random_resized_crop(random, height, width, 0.2, 1.0);
    EXPECT_GE(box.height, 1);
    EXPECT_GE(box.width, 1);
    EXPECT_LE(box.top + box.height, height);
    EXPECT_LE(box.left + box.width, width);
  }
}

// MAE's util/crop.py: torch's area and aspect, each side at most the image's, no second try.
TEST(ClampedCrop, CutsSidesToTheImages) {
  const ImageSize inside = clamped_crop_size(100, 200, 0.25, 0.8);
  EXPECT_EQ(inside.height, 79);  // sqrt(5000 / 0.8)
  EXPECT_EQ(inside.width, 63);   // sqrt(5000 · 0.8)
  const ImageSize high = clamped_crop_size(100, 200, 1, 4.0 / 3);
  EXPECT_EQ(high.height, 100);  // of 122.5
  EXPECT_EQ(high.width, 163);
  EXPECT_FALSE(crop_size(100, 200, 1, 4.0 / 3));  // where torchvision tries again
  const ImageSize thin = clamped_crop_size(1, 3, 0.08, 1);
  EXPECT_EQ(thin.height, 1);  // of 0.49
  EXPECT_EQ(thin.width, 1);
}

TEST(ClampedCrop, LiesAnywhereInTheImage) {
  const CropOptions options{{0.08, 1.0}, 0.5, CropRule::clamped};
  std::int64_t lowest = 0, rightmost = 0, whole_height = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Random random(1, 0, i, Purpose::crop);
    const Box box = random_crop(random, options, 60, 90);
    ASSERT_TRUE(box.top >= 0 && box.left >= 0 && box.top + box.height <= 60 && box.left + box.width <= 90);
    lowest = std::max(lowest, box.top);
    rightmost = std::max(rightmost, box.left);
    whole_height += box.height == 60;
  }
  EXPECT_GT(lowest, 35);
  EXPECT_GT(rightmost, 60);
  // Drawn again, as torchvision would, hardly any crop has all of the height.
  EXPECT_GT(whole_height, 500);
}

TEST(Normalise, MirrorsAndSplitsChannels) {
  const Image image{2, 3, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}};
  const std::vector<double> mean = {0, 0, 0}, std = {1 / 255.0, 1 / 255.0, 1 / 255.0};
  std::vector<float> out(18);
  normalise(image, false, mean, std, out.data());
  const std::vector<float> plain = {0, 3, 6, 9, 12, 15, 1, 4, 7, 10, 13, 16, 2, 5, 8, 11, 14, 17};
  const std::vector<float> mirrored = {6, 3, 0, 15, 12, 9, 7, 4, 1, 16, 13, 10, 8, 5, 2, 17, 14, 11};
  for (std::size_t i = 0; i < 18; ++i) EXPECT_NEAR(out[i], plain[i], 1e-4) << i;
  normalise(image, true, mean, std, out.data());
  for (std::size_t i = 0; i < 18; ++i) EXPECT_NEAR(out[i], mirrored[i], 1e-4) << i;
}

TEST(EvaluationView, RefusesAStripThatWouldBecomeGigabytes) {
  const Image strip{1, 100'000, std::vector<std::uint8_t>(300'000)};
  const std::string error =
      testing::data_error([&] { evaluation_view(strip, 256, 224, Filter::bicubic, "folder/strip.png"); });
  EXPECT_NE(error.find("folder/strip.png: an image of 100000×1 pixels is too elongated"), std::string::npos) << error;
  const Image narrow{2, 1000, std::vector<std::uint8_t>(6'000, 9)};
  EXPECT_EQ(evaluation_view(narrow, 32, 32).pixels, std::vector<std::uint8_t>(32 * 32 * 3, 9));
}

TEST(Resize, ToTheSameSizeChangesNothing) {
  const Image image = picture(30, 41, 1);
  EXPECT_EQ(resize_as_pillow(image, 30, 41).pixels, image.pixels);
}

}  // namespace
}  // namespace luvit
