// RandAugment's operations against timm's calls of Pillow 11.3, scripts/fixtures/augment.py; on photographs,
// scripts/check_rand_augment.py does the same.
#include <gtest/gtest.h>

#include <sstream>

#include "image_fixture.h"
#include "luvit/data/pixel_ops.h"
#include "luvit/io/sha256.h"

namespace luvit {
namespace {

SafetensorsFile fixture(const std::string& name) {
  return SafetensorsFile(LUVIT_SOURCE_DIR "/tests/parity/fixtures/augment_" + name + ".safetensors");
}

struct Call {
  PixelOp op;
  double argument;
};

std::vector<Call> calls() {
  const at::Tensor listed = fixture("ops").read("calls").contiguous();
  std::vector<Call> all;
  for (std::int64_t i = 0; i < listed.size(0); ++i) {
    const double* call = listed.data_ptr<double>() + 2 * i;
    all.push_back({static_cast<PixelOp>(static_cast<int>(call[0])), call[1]});
  }
  return all;
}

TEST(AugmentParity, EveryOperationHasPillowsPixels) {
  const auto all = calls();
  EXPECT_GT(all.size(), 200u);
  for (const char* picture : {"base", "flat", "narrow"}) {
    const Image image = image_of(fixture("ops").read(std::string("in.") + picture));
    const at::Tensor expected = fixture("ops").read(std::string("out.") + picture);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto difference =
          pixel_difference(apply(all[i].op, image, all[i].argument), expected[static_cast<std::int64_t>(i)]);
      EXPECT_EQ(difference.largest, 0) << name(all[i].op) << "(" << all[i].argument << ") of " << picture << ": "
                                       << 100 * difference.share_above_0 << "% differ";
    }
  }
}

TEST(AugmentParity, LargerPicturesToo) {
  const SafetensorsFile file = fixture("large");
  const Image image = image_of(file.read("image"));
  std::istringstream digests(file.metadata().at("sha256"));
  for (const auto& [op, argument] : calls()) {
    std::string expected;
    digests >> expected;
    const Image got = apply(op, image, argument);
    EXPECT_EQ(sha256_of({reinterpret_cast<const char*>(got.pixels.data()), got.pixels.size()}), expected)
        << name(op) << "(" << argument << ")";
  }
}

// What differs least from the right one: the same operation a little stronger, another fill.
TEST(AugmentParity, ControlASlightlyDifferentArgumentIsSeen) {
  const Image image = image_of(fixture("ops").read("in.base"));
  const at::Tensor expected = fixture("ops").read("out.base");
  const auto all = calls();
  int seen = 0, asked = 0, other_fill = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto [op, argument] = all[i];
    if (op < PixelOp::rotate) continue;
    const bool whole = op >= PixelOp::posterize && op <= PixelOp::solarize_add;
    const at::Tensor right = expected[static_cast<std::int64_t>(i)];
    seen += pixel_difference(apply(op, image, whole ? argument + 1 : argument * 1.05), right).largest > 0;
    other_fill += pixel_difference(apply(op, image, argument, {124, 116, 105}), right).largest > 0;
    ++asked;
  }
  EXPECT_GT(seen, asked * 9 / 10);
  EXPECT_GT(other_fill, 60);
}

}  // namespace
}  // namespace luvit
