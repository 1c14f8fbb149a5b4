// All 19 corruptions at five severities against what imagecorruptions 1.1.2 and the script behind ImageNet-C make of
// the same pictures with the same seeds (scripts/fixtures/corruptions.py). The pictures have flat areas, black, white
// and pure colours: there a last bit decides over a level.
#include <gtest/gtest.h>

#include "fixture.h"
#include "luvit/core/text.h"
#include "luvit/io/sha256.h"

namespace luvit {
namespace {

// At least this share of all values is the peer's, and none is further from it than `largest` levels.
struct Agreement {
  double identical = 1;
  int largest = 0;
};

// What is asserted, corruption by corruption.
Agreement wanted(Corruption corruption, Flavour flavour) {
  // The peer's OpenCV enlarges the pictures of frost by Intel's library, in an arithmetic of its own.
  if (corruption == Corruption::frost && flavour == Flavour::imagecorruptions) return {0.9995, 1};
  return {};
}

void expect_agreement(const at::Tensor& got, const at::Tensor& peer, const Agreement& asked, const std::string& what) {
  ASSERT_EQ(got.sizes(), peer.sizes()) << what;
  const at::Tensor difference = (got.to(at::kInt) - peer.to(at::kInt)).abs();
  EXPECT_GE(difference.eq(0).to(at::kDouble).mean().item<double>(), asked.identical) << what;
  EXPECT_LE(difference.max().item<int>(), asked.largest) << what;
}

class CorruptionParity : public ::testing::TestWithParam<int> {
 protected:
  Corruption corruption() const { return static_cast<Corruption>(GetParam()); }
  std::string key(int severity) const { return str(corruption_name(corruption()), ".", severity); }

  void SetUp() override {
    if (corruption() != Corruption::frost) return;
    if (!frost_installed()) GTEST_SKIP() << "the pictures of frost are not installed (scripts/setup.sh)";
    frost_ = Frost(installed_frost());
  }
  Image corrupted(const Image& image, int severity, Flavour flavour) const {
    return corrupt(image, corruption(), severity, flavour, fixture_seed(corruption(), severity), frost_);
  }

  // At 224×224: a sample of the pixels, and all of them by their hash where every one is asked for.
  void compare_large(const std::string& peer, Flavour flavour) const {
    const SafetensorsFile file(fixture_path(peer + ".safetensors"));
    const Image image = read_image(fixture_path("224.png"));
    const Agreement asked = wanted(corruption(), flavour);
    for (int severity = 1; severity <= 5; ++severity) {
      const Image got = corrupted(image, severity, flavour);
      const at::Tensor sample = tensor_of(got).slice(0, 3, std::nullopt, 8).slice(1, 5, std::nullopt, 8);
      expect_agreement(sample, file.read(key(severity)), asked, peer + " " + key(severity));
      if (asked.largest > 0) continue;
      const std::string_view bytes(reinterpret_cast<const char*>(got.pixels.data()), got.pixels.size());
      EXPECT_EQ(sha256_of(bytes), file.metadata().at(key(severity))) << peer << " " << key(severity);
    }
  }

 private:
  Frost frost_;
};

TEST_P(CorruptionParity, OddSizesAreThePackages) {
  const SafetensorsFile file(fixture_path(GetParam() < 10 ? "small_1.safetensors" : "small_2.safetensors"));
  const Image image = image_of(file.read("image"));
  for (int severity = 1; severity <= 5; ++severity) {
    expect_agreement(tensor_of(corrupted(image, severity, Flavour::imagecorruptions)), file.read(key(severity)),
                     wanted(corruption(), Flavour::imagecorruptions), key(severity));
  }
}

TEST_P(CorruptionParity, At224PixelsIsThePackages) {
  compare_large("package", Flavour::imagecorruptions);
}

TEST_P(CorruptionParity, At224PixelsIsTheScripts) {
  compare_large("script", Flavour::imagenet_c);
}

// Controls: the comparison would see another severity, another seed and the other flavour.
TEST_P(CorruptionParity, ControlOtherArgumentsGiveOtherPictures) {
  const Image image = read_image(fixture_path("224.png"));
  for (const Flavour flavour : {Flavour::imagenet_c, Flavour::imagecorruptions}) {
    EXPECT_NE(corrupted(image, 2, flavour).pixels, corrupted(image, 3, flavour).pixels);
  }
  static constexpr Corruption differing[] = {Corruption::motion_blur, Corruption::snow, Corruption::frost,
                                             Corruption::elastic_transform};
  const bool differs = std::find(std::begin(differing), std::end(differing), corruption()) != std::end(differing);
  EXPECT_EQ(corrupted(image, 3, Flavour::imagenet_c).pixels != corrupted(image, 3, Flavour::imagecorruptions).pixels,
            differs);
}

INSTANTIATE_TEST_SUITE_P(All, CorruptionParity, ::testing::Range(0, corruption_count), [](const auto& test) {
  return std::string(corruption_name(static_cast<Corruption>(test.param)));
});

TEST(CorruptionParity, JpegsArePillowsByteForByte) {
  const SafetensorsFile file(fixture_path("jpeg.safetensors"));
  const Image image = read_image(fixture_path("224.png"));
  const std::string bytes = encode_jpeg(image, 85, /*optimize=*/true);
  const at::Tensor peer = file.read("bytes").contiguous();
  EXPECT_EQ(bytes, std::string(reinterpret_cast<const char*>(peer.data_ptr<std::uint8_t>()),
                               static_cast<std::size_t>(peer.numel())));
  const Image back = decode({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "jpeg");
  EXPECT_EQ(back.pixels, image_of(file.read("pixels")).pixels);
  EXPECT_NE(encode_jpeg(image, 84, true), bytes);  // control
}

}  // namespace
}  // namespace luvit
