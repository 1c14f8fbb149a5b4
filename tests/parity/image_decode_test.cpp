// Against Pillow 11.3's Image.open(…).convert("RGB"), scripts/fixtures/data.py.
#include <gtest/gtest.h>

#include <cstdlib>

#include "image_fixture.h"
#include "luvit/core/error.h"
#include "luvit/core/random.h"

namespace luvit {
namespace {

std::vector<std::uint8_t> file_bytes(const at::Tensor& tensor) {
  const auto* first = tensor.data_ptr<std::uint8_t>();
  return {first, first + tensor.numel()};
}

TEST(ImageParity, EveryFormatDecodesToPillowsPixels) {
  const SafetensorsFile fixture = image_fixture("decode");
  int files = 0;
  for (const auto& info : fixture.tensors()) {
    if (info.name.rfind("file.", 0) != 0) continue;
    const std::string name = info.name.substr(5);
    const auto difference =
        pixel_difference(decode(file_bytes(fixture.read(info.name)), name), fixture.read("rgb." + name));
    EXPECT_EQ(difference.largest, 0) << name << ": " << 100 * difference.share_above_0 << "% differ";
    ++files;
  }
  EXPECT_GT(files, 40);
}

TEST(ImageParity, ABoxHasThePixelsOfPillowsCrop) {
  const SafetensorsFile fixture = image_fixture("decode");
  Random random(1, 0, 0, Purpose::synthetic);
  const auto pick = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
  };
  for (const char* name : {"wide_420.jpg", "wide_422.jpg", "wide_progressive.jpg", "cmyk.jpg", "grey.jpg",
                           "restart.jpg", "rgba.png", "palette.bmp", "lossy.webp", "lzw.tif"}) {
    const auto encoded = file_bytes(fixture.read(std::string("file.") + name));
    const at::Tensor whole = fixture.read(std::string("rgb.") + name);
    Image part;
    for (int i = 0; i < 40; ++i) {
      const std::int64_t h = 1 + pick(whole.size(0)), w = 1 + pick(whole.size(1));
      const Box box{pick(whole.size(0) - h + 1), pick(whole.size(1) - w + 1), h, w};
      decode_box(encoded, name, box, part);
      const auto expected = whole.slice(0, box.top, box.top + h).slice(1, box.left, box.left + w);
      EXPECT_EQ(pixel_difference(part, expected).largest, 0) << name;
      if (box.left > 0) {  // the control: a box one pixel beside it is another one
        const auto beside = whole.slice(0, box.top, box.top + h).slice(1, box.left - 1, box.left - 1 + w);
        EXPECT_TRUE(h * w < 200 || pixel_difference(part, beside).largest > 0) << name;
      }
    }
  }
}

// Every format's reader, with bytes changed and cut off: an image or a DataError.
TEST(ImageFuzz, MutatedFilesOfEveryFormatGiveAnImageOrADataError) {
  const SafetensorsFile fixture = image_fixture("decode");
  const char* asked = std::getenv("LUVIT_FUZZ_COUNT");
  const std::int64_t rounds = asked ? std::atoll(asked) / 50 : 40;
  std::int64_t decoded = 0, refused = 0;
  for (const auto& info : fixture.tensors()) {
    if (info.name.rfind("file.", 0) != 0) continue;
    const auto original = file_bytes(fixture.read(info.name));
    for (std::int64_t i = 0; i < rounds; ++i) {
      Random random(4, 0, static_cast<std::uint64_t>(i), Purpose::synthetic);
      auto bytes = original;
      const std::uint64_t reach = random.below(2) ? bytes.size() : std::min<std::size_t>(200, bytes.size());
      for (auto n = random.below(6) + 1; n > 0; --n)
        bytes[random.below(reach)] = static_cast<std::uint8_t>(random.bits());
      if (random.below(6) == 0) bytes.resize(random.below(bytes.size()));
      try {
        const auto size = image_size(bytes, info.name);
        if (size.height * size.width > 1'000'000) continue;  // legal, but too slow for a test
        decode(bytes, info.name);
        ++decoded;
      } catch (const DataError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(decoded, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace luvit
