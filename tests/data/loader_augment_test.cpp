// Batches as fine-tuning wants them: targets, mixed groups, RandAugment, erasing.
#include <gtest/gtest.h>

#include "luvit/data/loader_speed.h"
#include "luvit/data/mixing.h"
#include "test_files.h"

namespace luvit {
namespace {

using testing::data_error;
using testing::jpeg;
using testing::picture;
using testing::TestFolder;

constexpr std::int64_t classes = 3, steps = 4;

// Twenty-six images of three classes.
std::shared_ptr<const Dataset> images(const TestFolder& root) {
  for (int i = 0; i < 26; ++i) {
    root.write("class" + std::to_string(i % 3) + "/" + std::to_string(100 + i) + ".jpg",
               jpeg(picture(30 + i, 50 - i, static_cast<std::uint64_t>(i))));
  }
  return open_dataset({root.path().string()}, /*labels_wanted=*/true);
}

LoaderOptions options(std::int64_t group) {
  LoaderOptions o;
  o.global_batch = o.rank_count = 12;
  o.image_size = 16;
  o.noise = false;
  o.workers = 2;
  o.seed = 9;
  o.classes = classes;
  o.augment = AugmentOptions{};
  o.augment.mix.group = group;
  return o;
}

LoaderOptions plain() {
  LoaderOptions o = options(12);
  o.augment = only_crop({{0.5, 1.0}, 0.5});
  return o;
}

struct Copy {
  at::Tensor images, targets, index, label;
};

std::vector<Copy> batches(const std::shared_ptr<const Dataset>& set, const LoaderOptions& o) {
  Loader loader(set, o, {});
  loader.start(1, steps);
  std::vector<Copy> all;
  for (std::int64_t step = 1; step <= steps; ++step) {
    const Batch& batch = loader.next();
    all.push_back({batch.images.clone(), batch.targets.clone(), batch.index.clone(), batch.label.clone()});
  }
  return all;
}

bool same(const Copy& a, const Copy& b) {
  return a.images.equal(b.images) && a.targets.equal(b.targets) && a.index.equal(b.index) && a.label.equal(b.label);
}

TEST(LoaderAugment, DependsNeitherOnWorkersNorOnRanks) {
  const TestFolder root;
  const auto set = images(root);
  const auto all = batches(set, options(3));
  LoaderOptions many = options(3);
  many.workers = 5;
  const auto others = batches(set, many);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(same(all[i], others[i])) << i;
  for (const std::int64_t ranks : {2, 4}) {
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
      LoaderOptions part = options(3);
      part.rank_count = 12 / ranks;
      part.rank_first = rank * part.rank_count;
      const auto own = batches(set, part);
      for (std::size_t i = 0; i < all.size(); ++i) {
        const auto rows = [&](const at::Tensor& t) { return t.narrow(0, part.rank_first, part.rank_count); };
        EXPECT_TRUE(own[i].images.equal(rows(all[i].images))) << rank << " of " << ranks;
        EXPECT_TRUE(own[i].targets.equal(rows(all[i].targets))) << rank << " of " << ranks;
      }
    }
  }
  EXPECT_FALSE(all[0].images.equal(batches(set, options(6))[0].images));  // the control: the group does count
}

// With nothing else drawn, a mixed batch is the plain one and its reverse, group by group.
TEST(LoaderAugment, EachGroupIsMixedWithItsReverse) {
  const TestFolder root;
  const auto set = images(root);
  const auto apart = batches(set, plain());
  LoaderOptions mixing = plain();
  mixing.augment.mix = {0.8, 1.0, 4};
  mixing.augment.label_smoothing = 0.2;
  const auto together = batches(set, mixing);
  int mixups = 0, cuts = 0;
  for (std::size_t i = 0; i < apart.size(); ++i) {
    EXPECT_TRUE(together[i].label.equal(apart[i].label));
    for (std::int64_t group = 0; group < 3; ++group) {
      const auto part = [&](const at::Tensor& t) { return t.narrow(0, 4 * group, 4); };
      const auto nth = static_cast<std::uint64_t>(static_cast<std::int64_t>(i % 2) * 3 + group);  // 2 steps an epoch
      Random random(9, i / 2, nth, Purpose::mix);
      const Mix mix = draw_mix(random, mixing.augment.mix, 16, 16);
      const at::Tensor smooth = part(apart[i].targets) * 0.8 + 0.2 / classes;
      const at::Tensor targets = smooth * mix.own + smooth.flip(0) * (1 - mix.own);
      EXPECT_TRUE(part(together[i].targets).allclose(targets, 1e-5, 1e-6));
      const at::Tensor own = part(apart[i].images);
      at::Tensor expected = own * mix.own + own.flip(0) * (1 - mix.own);
      if (mix.box) {
        const auto hole = [&](const at::Tensor& t) {
          return t.narrow(2, mix.box->top, mix.box->height).narrow(3, mix.box->left, mix.box->width);
        };
        expected = own.clone();
        hole(expected).copy_(hole(own.flip(0)));
      }
      EXPECT_TRUE(part(together[i].images).allclose(expected, 1e-5, 1e-5)) << i << " " << group;
      (mix.box ? cuts : mixups) += 1;
    }
  }
  EXPECT_GT(cuts, 0);
  EXPECT_GT(mixups, 0);
}

TEST(LoaderAugment, WithoutMixingATargetIsTheSmoothedLabel) {
  const TestFolder root;
  const auto set = images(root);
  LoaderOptions smoothing = plain();
  smoothing.augment.label_smoothing = 0.3;
  for (const auto& batch : batches(set, smoothing)) {
    for (std::int64_t row = 0; row < 12; ++row) {
      const auto label = batch.label[row].item<std::int64_t>();
      EXPECT_EQ(label, set->label(batch.index[row].item<std::int64_t>()));
      for (std::int64_t k = 0; k < classes; ++k)
        EXPECT_FLOAT_EQ(batch.targets[row][k].item<float>(), k == label ? 0.8f : 0.1f);
    }
  }
}

TEST(LoaderAugment, OperationsAndErasingChangeImagesAndNothingElse) {
  const TestFolder root;
  const auto set = images(root);
  LoaderOptions augmented = plain();
  augmented.augment.rand_augment = {2, 9, 0.5};
  const auto before = batches(set, plain()), after = batches(set, augmented);
  augmented.augment.random_erase = 0.5;
  const auto erased = batches(set, augmented);
  int operations = 0, holes = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(before[i].targets.equal(after[i].targets) && before[i].index.equal(erased[i].index));
    for (std::int64_t row = 0; row < 12; ++row) {
      operations += !before[i].images[row].equal(after[i].images[row]);
      const at::Tensor changed = (after[i].images[row] != erased[i].images[row]).any(0);
      if (!changed.any().item<bool>()) continue;
      ++holes;
      // One box: as many pixels as rows times columns that have any.
      const auto lines = changed.any(0).sum().item<std::int64_t>() * changed.any(1).sum().item<std::int64_t>();
      EXPECT_EQ(changed.sum().item<std::int64_t>(), lines);
    }
  }
  EXPECT_NEAR(operations, 36, 10);  // three quarters of 48: neither of two operations in a quarter
  EXPECT_NEAR(holes, 24, 10);
}

TEST(LoaderAugment, AReplacementHasItsOwnLabel) {
  const TestFolder root;
  images(root);
  root.write("class1/101.jpg", "text");
  const std::shared_ptr<const Dataset> set = open_dataset({root.path().string()}, true);
  LoaderOptions tolerant = plain();
  tolerant.data.max_bad = 1;
  for (const auto& batch : batches(set, tolerant)) {
    for (std::int64_t row = 0; row < 12; ++row) {
      const auto label = set->label(batch.index[row].item<std::int64_t>());
      EXPECT_EQ(batch.targets[row].argmax().item<std::int64_t>(), label);
    }
  }
}

TEST(LoaderAugment, ALabelBeyondTheClassesIsAnError) {
  const TestFolder root;
  const auto set = images(root);
  LoaderOptions few = plain();
  few.classes = 2;
  Loader loader(set, few, {});
  loader.start(1, 4);
  const std::string error = data_error([&] { loader.next(); });
  EXPECT_NE(error.find("its label 2 is not one of the model's 2 classes"), std::string::npos) << error;
  EXPECT_NE(error.find("class2/"), std::string::npos) << error;
}

TEST(LoaderAugment, ARankThatCutsAGroupIsRefused) {
  const TestFolder root;
  const auto set = images(root);
  LoaderOptions cut = options(4);
  cut.rank_count = 6;
  EXPECT_THROW(Loader(set, cut, {}), std::logic_error);
  EXPECT_EQ(mix_group({0.8, 1.0, 32}, 12), 12);
  EXPECT_EQ(mix_group({0, 1.0, 32}, 64), 32);
  EXPECT_EQ(mix_group({0, 0, 32}, 64), 1);
}

TEST(LoaderAugment, ItsSpeedCanBeMeasured) {
  const TestFolder root;
  images(root);
  LoaderSpeedOptions speed;
  speed.sources = {root.path().string()};
  speed.batch = 4;
  speed.image_size = 16;
  speed.patches = 0;
  speed.classes = classes;
  speed.augment = AugmentOptions{};
  speed.images_a_repeat = 8;
  speed.repeats = 2;
  EXPECT_EQ(measure_loader(speed).images, 8);
}

}  // namespace
}  // namespace luvit
