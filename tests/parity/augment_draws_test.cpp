// What is drawn, against 100,000 draws of timm's, scripts/fixtures/augment.py. Each comparison comes with a control: a
// distribution a little off is refused.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "distribution.h"
#include "luvit/data/erasing.h"
#include "luvit/data/mixing.h"
#include "luvit/data/rand_augment.h"

namespace luvit {
namespace {

constexpr int draws = 100'000;
constexpr std::int64_t side = 224;

const nlohmann::json& theirs() {
  static const auto read =
      nlohmann::json::parse(std::ifstream(LUVIT_SOURCE_DIR "/tests/parity/fixtures/augment_draws.json"));
  return read;
}

Random stream(int i, Purpose purpose) {
  return Random(3, 1, static_cast<std::uint64_t>(i), purpose);
}

struct DrawnOps {
  std::vector<double> an_image = std::vector<double>(3), by_op = std::vector<double>(pixel_ops);
  std::map<std::string, std::vector<double>> arguments;
};

DrawnOps draw_ops(const RandAugmentOptions& options) {
  DrawnOps found;
  for (int i = 0; i < draws; ++i) {
    Random random = stream(i, Purpose::augment);
    std::size_t applied = 0;
    for (int n = 0; n < options.ops; ++n) {
      const auto drawn = draw_op(random, options);
      if (!drawn) continue;
      ++applied;
      ++found.by_op[static_cast<std::size_t>(drawn->op)];
      found.arguments[name(drawn->op)].push_back(drawn->argument);
    }
    ++found.an_image[applied];
  }
  return found;
}

double applied(std::size_t op) {
  return theirs()["rand_augment"]["applied"][op];
}

TEST(AugmentDraws, RandAugmentsOperationsSignsAndMagnitudesAreTimms) {
  const auto& expected = theirs()["rand_augment"];
  const DrawnOps drawn = draw_ops({});
  EXPECT_LT(chi_squared(drawn.an_image, expected["applied_an_image"]), 1);
  EXPECT_LT(chi_squared(drawn.by_op, expected["applied"]), 1);
  ASSERT_EQ(expected["arguments"].size(), 12u);
  for (std::size_t op = 3; op < pixel_ops; ++op) {
    const std::string key = name(static_cast<PixelOp>(op));
    EXPECT_LT(distance(drawn.arguments.at(key), expected["arguments"].at(key), applied(op)), 1) << key;
  }
}

TEST(AugmentDraws, ControlOtherMagnitudesAreRefused) {
  for (const auto& options : {RandAugmentOptions{2, 9, 1.0}, RandAugmentOptions{2, 8.7, 0.5}}) {
    const DrawnOps drawn = draw_ops(options);
    for (std::size_t op = 3; op < pixel_ops; ++op) {
      const std::string key = name(static_cast<PixelOp>(op));
      const double found =
          distance(drawn.arguments.at(key), theirs()["rand_augment"]["arguments"].at(key), applied(op));
      EXPECT_GT(found, key == "PosterizeIncreasing" ? 0 : 1) << key;  // its bits hardly depend on either
    }
  }
  std::vector<double> skewed = theirs()["rand_augment"]["applied"];
  skewed[4] *= 1.2;
  EXPECT_GT(chi_squared(skewed, theirs()["rand_augment"]["applied"]), 1);
}

TEST(AugmentDraws, AnArgumentIsTheLevelsOfItsMagnitude) {
  EXPECT_EQ(op_argument(PixelOp::posterize, 10, false), 0);
  EXPECT_EQ(op_argument(PixelOp::posterize, 9, false), 1);
  EXPECT_EQ(op_argument(PixelOp::solarize, 10, false), 0);
  EXPECT_EQ(op_argument(PixelOp::solarize, 0, false), 256);
  EXPECT_EQ(op_argument(PixelOp::solarize_add, 10, false), 110);
  EXPECT_EQ(op_argument(PixelOp::color, 10, true), 0.1);
  EXPECT_EQ(op_argument(PixelOp::color, 10, false), 1.9);
  EXPECT_EQ(op_argument(PixelOp::rotate, 5, true), -15);
  for (int i = 0; i < 100; ++i) {  // beyond 10 there is nothing
    Random random = stream(i, Purpose::augment);
    const auto drawn = draw_op(random, {1, 10, 50});
    if (drawn && drawn->op == PixelOp::rotate) {
      EXPECT_LE(std::abs(drawn->argument), 30);
    }
  }
}

struct Boxes {
  std::map<std::string, std::vector<double>> sides;
  void add(const Box& box) {
    sides["top"].push_back(static_cast<double>(box.top));
    sides["left"].push_back(static_cast<double>(box.left));
    sides["height"].push_back(static_cast<double>(box.height));
    sides["width"].push_back(static_cast<double>(box.width));
  }
  void expect_like(const nlohmann::json& expected, double count) const {
    for (const auto& [key, values] : sides) EXPECT_LT(distance(values, expected.at(key), count), 1) << key;
  }
};

TEST(AugmentDraws, ErasedBoxesAreTimms) {
  const auto& expected = theirs()["erasing"];
  const double count = expected["erased"];
  Boxes boxes;
  for (int i = 0; i < draws; ++i) {
    Random random = stream(i, Purpose::erase);
    if (const auto box = draw_erasing(random, 0.25, side, side)) boxes.add(*box);
  }
  boxes.expect_like(expected, count);
  const auto erased = static_cast<double>(boxes.sides["top"].size());
  EXPECT_LT(chi_squared({erased, draws - erased}, {count, draws - count}), 1);
  EXPECT_GT(chi_squared({erased * 1.08, draws - erased * 1.08}, {count, draws - count}), 1);  // controls
  EXPECT_GT(distance(boxes.sides["height"], expected["left"], count), 1);
  for (double& top : boxes.sides["top"]) top = top * 0.85;
  EXPECT_GT(distance(boxes.sides["top"], expected["top"], count), 1);
}

TEST(AugmentDraws, AnErasedBoxsSizeIsTimmsGivenItsNumbers) {
  int none = 0, turned = 0;
  for (const auto& c : theirs()["erasing"]["sizes"]) {
    const double share = c["share"], aspect = c["aspect"];
    const auto size = erasing_size(c["height"], c["width"], share, aspect);
    ASSERT_EQ(size.has_value(), !c["size"].is_null()) << c.dump();
    none += !size;
    if (!size) continue;
    EXPECT_EQ(size->height, c["size"][0].get<std::int64_t>()) << c.dump();
    EXPECT_EQ(size->width, c["size"][1].get<std::int64_t>()) << c.dump();
    const auto other = erasing_size(c["height"], c["width"], share, 1 / aspect);
    turned += !other || other->height != size->height;
  }
  EXPECT_GT(none, 5);
  EXPECT_GT(turned, 30);  // the control
}

struct DrawnMixes {
  std::vector<double> mixup, cutmix;  // λ
  Boxes boxes;
};

DrawnMixes draw_mixes(const MixOptions& options) {
  DrawnMixes found;
  for (int i = 0; i < draws; ++i) {
    Random random = stream(i, Purpose::mix);
    const Mix mix = draw_mix(random, options, side, side);
    (mix.box ? found.cutmix : found.mixup).push_back(mix.own);
    if (mix.box) found.boxes.add(*mix.box);
  }
  return found;
}

TEST(AugmentDraws, MixesAreTimms) {
  for (const auto& [key, options] :
       std::map<std::string, MixOptions>{{"both", {0.8, 1.0}}, {"mixup", {0.2, 0.0}}, {"cutmix", {0.0, 2.5}}}) {
    const auto& expected = theirs()["mixing"][key];
    const DrawnMixes drawn = draw_mixes(options);
    const auto ours = static_cast<double>(drawn.cutmix.size());
    const double cuts = expected["cutmix"];
    EXPECT_LT(chi_squared({ours, draws - ours}, {cuts, draws - cuts}), 1) << key;
    if (cuts < draws) {
      EXPECT_LT(distance(drawn.mixup, expected["mixup_own"], draws - cuts), 1) << key;
    }
    if (cuts > 0) {
      EXPECT_LT(distance(drawn.cutmix, expected["cutmix_own"], cuts), 1) << key;
    }
    drawn.boxes.expect_like(expected, cuts);
  }
}

TEST(AugmentDraws, ControlOtherMixesAreRefused) {
  const auto& expected = theirs()["mixing"]["both"];
  const double cuts = expected["cutmix"];
  const DrawnMixes drawn = draw_mixes({1.0, 1.3});
  EXPECT_GT(distance(drawn.mixup, expected["mixup_own"], draws - cuts), 1);
  EXPECT_GT(distance(drawn.cutmix, expected["cutmix_own"], cuts), 1);
}

TEST(AugmentDraws, ACutmixBoxIsTimmsGivenItsNumbers) {
  int differ = 0;
  for (const auto& c : theirs()["mixing"]["boxes"]) {
    const std::int64_t height = c["height"], width = c["width"], y = c["centre"][0], x = c["centre"][1];
    const Box box = cutmix_box(c["drawn"], y, x, height, width);
    const std::vector<std::int64_t> ours = {box.top, box.left, box.height, box.width};
    EXPECT_EQ(ours, c["box"].get<std::vector<std::int64_t>>()) << c.dump();
    const double own = 1 - static_cast<double>(box.height * box.width) / static_cast<double>(height * width);
    EXPECT_EQ(own, c["own"].get<double>()) << c.dump();
    const Box other = cutmix_box(c["drawn"], x % height, y % width, height, width);
    differ += other.top != box.top || other.left != box.left;
  }
  EXPECT_GT(differ, 40);  // the control
}

}  // namespace
}  // namespace luvit
