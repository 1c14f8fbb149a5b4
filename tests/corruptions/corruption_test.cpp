#include "luvit/corruptions/corruption.h"

#include <gtest/gtest.h>

#include <set>

#include "fixture.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

Image grey(std::int64_t side, std::uint8_t level) {
  return {side, side, std::vector<std::uint8_t>(static_cast<std::size_t>(side * side * 3), level)};
}

TEST(ImpulseNoise, HitsTheRightShareOfValuesEachForItself) {
  constexpr double amounts[5] = {.03, .06, .09, .17, .27};
  const Image image = grey(224, 128);
  const auto n = static_cast<double>(image.pixels.size());
  for (int severity = 1; severity <= 5; ++severity) {
    const double p = amounts[severity - 1];
    const Image out = corrupt(image, Corruption::impulse_noise, severity, Flavour::imagenet_c, 11, {});
    double hit = 0, white = 0, hit_with_neighbour = 0;
    for (std::size_t i = 0; i < out.pixels.size(); ++i) {
      const bool this_one = out.pixels[i] == 0 || out.pixels[i] == 255;
      const std::uint8_t next = out.pixels[i / 3 * 3 + (i + 1) % 3];  // another channel of the same pixel
      hit += this_one;
      white += out.pixels[i] == 255;
      hit_with_neighbour += this_one && (next == 0 || next == 255);
    }
    EXPECT_NEAR(hit / n, p, 5 * std::sqrt(p * (1 - p) / n)) << severity;
    EXPECT_NEAR(white / hit, 0.5, 5 * std::sqrt(0.25 / hit)) << severity;
    EXPECT_NEAR(hit_with_neighbour / n, p * p, 7 * p / std::sqrt(n)) << severity;
  }
}

TEST(Corruption, IsAFunctionOfItsArguments) {
  const Image image = read_image(fixture_path("224.png"));
  for (int i = 0; i < corruption_count; ++i) {
    const auto corruption = static_cast<Corruption>(i);
    if (corruption == Corruption::frost) continue;
    const Image one = corrupt(image, corruption, 4, Flavour::imagenet_c, 5, {});
    EXPECT_EQ(one.pixels, corrupt(image, corruption, 4, Flavour::imagenet_c, 5, {}).pixels) << i;
    EXPECT_EQ(one.height, image.height);
    EXPECT_EQ(one.width, image.width);
  }
}

TEST(Corruption, TakesAnyOblongFrom32Pixels) {
  for (const auto& [height, width] : {std::pair{32, 75}, std::pair{150, 33}}) {
    Image image{height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * 3), 200)};
    for (std::size_t i = 0; i < image.pixels.size(); i += 7) image.pixels[i] = 20;
    for (int i = 0; i < corruption_count; ++i) {
      const auto corruption = static_cast<Corruption>(i);
      if (corruption == Corruption::frost) continue;
      for (const Flavour flavour : {Flavour::imagenet_c, Flavour::imagecorruptions}) {
        const Image out = corrupt(image, corruption, 5, flavour, 1, {});
        EXPECT_EQ(out.pixels.size(), image.pixels.size()) << i;
      }
    }
  }
  EXPECT_THROW(corrupt(grey(31, 0), Corruption::fog, 1, Flavour::imagecorruptions, 0, {}, "small.png"), DataError);
}

TEST(Corruption, NamesAreReadAndWritten) {
  for (int i = 0; i < corruption_count; ++i) {
    const auto corruption = static_cast<Corruption>(i);
    EXPECT_EQ(parse_corruption(corruption_name(corruption)), corruption);
  }
  EXPECT_EQ(corruption_names()[0], "gaussian_noise");
  EXPECT_EQ(corruption_names()[benchmark_corruptions], "speckle_noise");
  try {
    parse_corruption("gausian_noise");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("the nearest is gaussian_noise"), std::string::npos) << error.what();
  }
}

TEST(Corruption, SeedsDependOnEveryPartOfAPicturesPlace) {
  std::set<std::uint32_t> seeds;
  for (const std::uint64_t seed : {0ull, 1ull, 1ull << 40}) {
    for (const Corruption corruption : {Corruption::fog, Corruption::snow}) {
      for (const int severity : {1, 2}) {
        for (const char* path : {"a/b.jpg", "a/b.png", "b/b.jpg", ""}) {
          seeds.insert(corruption_seed(seed, corruption, severity, path));
        }
      }
    }
  }
  EXPECT_EQ(seeds.size(), 3u * 2 * 2 * 4);
  EXPECT_EQ(corruption_seed(0, Corruption::fog, 1, "a/b.jpg"), corruption_seed(0, Corruption::fog, 1, "a/b.jpg"));
}

TEST(CorruptedView, IsTheCorruptedCropThroughAJpeg) {
  Image image{300, 500, {}};
  for (int i = 0; i < 300 * 500 * 3; ++i) image.pixels.push_back(static_cast<std::uint8_t>(i * 7 / 900 % 256));
  const Image view = imagenet_c_view(image);
  ASSERT_EQ(view.height, 224);
  ASSERT_EQ(view.width, 224);
  const Image corrupted = corrupt(view, Corruption::contrast, 2, Flavour::imagenet_c, 3, {});
  const std::string bytes = encode_jpeg(corrupted, imagenet_c_quality, /*optimize=*/true);
  const Image file = decode({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "file");
  EXPECT_EQ(corrupted_view(image, Corruption::contrast, 2, 3, {}).pixels, file.pixels);
  EXPECT_NE(corrupted.pixels, file.pixels);  // control: the JPEG is not without effect
}

}  // namespace
}  // namespace luvit
