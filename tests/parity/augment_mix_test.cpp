// Mixed batches and targets against timm's Mixup with a share and a box given, scripts/fixtures/augment.py.
#include <gtest/gtest.h>

#include "luvit/data/mixing.h"
#include "luvit/io/safetensors.h"

namespace luvit {
namespace {

struct Mixed {
  at::Tensor images, targets;
};

// The group of six mixed in pairs, as the loader does it.
Mixed mixed(const SafetensorsFile& fixture, const Mix& mix, double smoothing) {
  const at::Tensor images = fixture.read("images").clone(), labels = fixture.read("labels");
  const std::int64_t rows = images.size(0), classes = 5;
  at::Tensor targets = at::empty({rows, classes});
  const auto row = [](const at::Tensor& t, std::int64_t i) { return t.data_ptr<float>() + i * t.stride(0); };
  for (std::int64_t i = 0; i < rows; ++i)
    write_target(labels[i].item<std::int64_t>(), smoothing, row(targets, i), classes);
  for (std::int64_t i = 0; i < rows / 2; ++i) {
    mix_images(mix, row(images, i), row(images, rows - 1 - i), images.size(2), images.size(3));
    mix_targets(mix, row(targets, i), row(targets, rows - 1 - i), classes);
  }
  return {images, targets};
}

TEST(AugmentParity, MixedBatchesHaveTimmsBits) {
  const SafetensorsFile fixture(LUVIT_SOURCE_DIR "/tests/parity/fixtures/augment_mixed.safetensors");
  for (const std::string kind : {"mixup", "cutmix"}) {
    Mix mix{std::stod(fixture.metadata().at(kind + ".own")), std::nullopt};
    if (kind == "cutmix") mix.box = Box{2, 3, 5, 7};
    const Mixed ours = mixed(fixture, mix, 0.1);
    EXPECT_TRUE(ours.images.equal(fixture.read(kind + ".images"))) << kind;
    EXPECT_TRUE(ours.targets.equal(fixture.read(kind + ".targets"))) << kind;
    // Controls: another share, another smoothing.
    mix.own += 1e-3;
    EXPECT_FALSE(mixed(fixture, mix, 0.1).targets.equal(fixture.read(kind + ".targets")));
    EXPECT_EQ(mixed(fixture, mix, 0.1).images.equal(fixture.read(kind + ".images")), kind == "cutmix");
    mix.own -= 1e-3;
    EXPECT_FALSE(mixed(fixture, mix, 0.11).targets.equal(fixture.read(kind + ".targets")));
  }
}

}  // namespace
}  // namespace luvit
