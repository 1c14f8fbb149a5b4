#include <cstdlib>

#include "luvit/core/random.h"
#include "luvit/data/image.h"
#include "test_files.h"

namespace luvit {
namespace {

using testing::bytes_of;
using testing::data_error;
using testing::jpeg;
using testing::JpegKind;
using testing::picture;

Image cut(const Image& image, const Box& box) {
  Image out{box.height, box.width, {}};
  for (std::int64_t y = box.top; y < box.top + box.height; ++y) {
    const auto row = image.pixels.begin() + (y * image.width + box.left) * 3;
    out.pixels.insert(out.pixels.end(), row, row + box.width * 3);
  }
  return out;
}

Box random_box(Random& random, std::int64_t height, std::int64_t width) {
  const auto pick = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
  };
  const std::int64_t h = pick(height) + 1, w = pick(width) + 1;
  return {pick(height - h + 1), pick(width - w + 1), h, w};
}

class JpegBox : public ::testing::TestWithParam<JpegKind> {};
TEST_P(JpegBox, IsWhatTheWholeImageHasThere) {
  Random random(3, 0, 0, Purpose::synthetic);
  for (const auto& [height, width] : {std::pair{93, 160}, std::pair{240, 131}, std::pair{17, 9}}) {
    const auto encoded = bytes_of(jpeg(picture(height, width, 5), GetParam()));
    const Image whole = decode(encoded, "whole");
    Image part;
    for (int i = 0; i < 120; ++i) {
      const Box box = random_box(random, height, width);
      decode_box(encoded, "box", box, part);
      ASSERT_EQ(part.height, box.height);
      ASSERT_EQ(part.width, box.width);
      ASSERT_EQ(part.pixels, cut(whole, box).pixels)
          << box.top << " " << box.left << " " << box.height << " " << box.width << " of " << height << "×" << width;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Kinds, JpegBox,
                         ::testing::Values(JpegKind{}, JpegKind{.full_chroma = true}, JpegKind{.progressive = true},
                                           JpegKind{.grey = true}, JpegKind{.full_chroma = true, .progressive = true}));

TEST(Decode, PngReadsWhatItWrote) {
  const Image image = picture(21, 34, 1);
  const auto encoded = bytes_of(encode_png(image));
  EXPECT_EQ(decode(encoded, "x.png").pixels, image.pixels);
  const auto size = image_size(encoded, "x.png");
  EXPECT_EQ(size.height, 21);
  EXPECT_EQ(size.width, 34);
  Image part;
  decode_box(encoded, "x.png", {3, 5, 10, 7}, part);
  EXPECT_EQ(part.pixels, cut(image, {3, 5, 10, 7}).pixels);
}

// However early it was cut, and although the box lies above the cut.
TEST(Decode, ATruncatedJpegIsAnError) {
  for (const bool progressive : {false, true}) {
    const auto encoded = bytes_of(jpeg(picture(120, 160, 2), {.progressive = progressive}));
    for (std::size_t bytes = 1; bytes < encoded.size(); bytes += 97) {
      const auto part = std::span(encoded).first(bytes);
      Image out;
      const std::string error = data_error([&] { decode_box(part, "some/photo.jpg", {0, 0, 8, 8}, out); });
      EXPECT_EQ(error.find("some/photo.jpg: "), 0u) << error;
    }
  }
}

TEST(Decode, LostDataWithinAJpegIsAnError) {
  auto encoded = bytes_of(jpeg(picture(120, 160, 2)));
  encoded.erase(encoded.begin() + static_cast<std::ptrdiff_t>(encoded.size() / 2), encoded.end() - 2);
  EXPECT_NE(data_error([&] { decode(encoded, "a.jpg"); }).find("premature end"), std::string::npos);
}

TEST(Decode, WhatIsNoImageIsNamed) {
  const auto error = [](const std::string& bytes) { return data_error([&] { decode(bytes_of(bytes), "dir/x.jpg"); }); };
  EXPECT_EQ(error("").find("dir/x.jpg: an empty file"), 0u);
  EXPECT_EQ(error("hello, world").find("dir/x.jpg: not an image: it begins with 'hello, w'"), 0u);
  EXPECT_EQ(error("\xFF\xD8\xFF").find("dir/x.jpg: not a readable JPEG"), 0u);
  EXPECT_EQ(error("BM").find("dir/x.jpg: not a readable BMP"), 0u);
  EXPECT_EQ(error(std::string("RIFF\0\0\0\0WEBP", 12)).find("dir/x.jpg: not a readable WebP"), 0u);
  EXPECT_EQ(error(std::string("II*\0", 4)).find("dir/x.jpg: not a readable TIFF"), 0u);
  EXPECT_EQ(error("\x89PNG\r\n\x1A\n").find("dir/x.jpg: not a readable PNG"), 0u);
}

TEST(Decode, AnImageOfGigabytesIsRefused) {
  std::string bmp(60, '\0');
  bmp.replace(0, 2, "BM");
  bmp[14] = 40;
  bmp[20] = bmp[24] = 1;  // 65536 × 65536
  EXPECT_NE(data_error([&] { decode(bytes_of(bmp), "bomb.bmp"); }).find("65536×65536"), std::string::npos);
  auto encoded = bytes_of(jpeg(picture(40, 40, 1)));
  const std::uint8_t frame[] = {0xFF, 0xC0};
  const auto sizes = std::search(encoded.begin(), encoded.end(), frame, frame + 2) + 5;
  std::fill(sizes, sizes + 4, 0xFD);
  EXPECT_NE(data_error([&] { image_size(encoded, "bomb.jpg"); }).find("65021×65021"), std::string::npos);
}

std::int64_t fuzz_count() {
  const char* count = std::getenv("LUVIT_FUZZ_COUNT");
  return count ? std::atoll(count) : 3000;
}

// Mutated files give an image or a DataError. LUVIT_FUZZ_COUNT=100000 under the asan preset is the long version.
TEST(Decode, MutatedFilesGiveAnImageOrADataError) {
  const Image image = picture(40, 52, 4);
  const std::vector<std::string> originals = {jpeg(image), jpeg(image, {.progressive = true}),
                                              jpeg(image, {.full_chroma = true}), jpeg(image, {.grey = true}),
                                              encode_png(image)};
  std::int64_t decoded = 0, refused = 0;
  for (std::int64_t i = 0; i < fuzz_count(); ++i) {
    Random random(2, 0, static_cast<std::uint64_t>(i), Purpose::synthetic);
    auto bytes = bytes_of(originals[static_cast<std::size_t>(i) % originals.size()]);
    // Half of the changes go to the headers, where there is more to break.
    const std::uint64_t reach = random.below(2) ? bytes.size() : std::min<std::size_t>(700, bytes.size());
    for (std::uint64_t n = random.below(6) + 1; n > 0; --n)
      bytes[random.below(reach)] = static_cast<std::uint8_t>(random.bits());
    if (random.below(6) == 0) bytes.resize(random.below(bytes.size()));
    try {
      const auto size = image_size(bytes, "mutated");
      if (size.height * size.width > 4'000'000) continue;  // legal, but too slow for a test
      Image out;
      decode_box(bytes, "mutated", random_box(random, size.height, size.width), out);
      ++decoded;
    } catch (const DataError&) {
      ++refused;
    }
  }
  EXPECT_GT(decoded, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace luvit
