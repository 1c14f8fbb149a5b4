#include "luvit/eval/classification.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/data/image.h"

namespace luvit {
namespace {

// Grey pictures, each of one level: 0, 1, 2, …; label and level are the index.
class Levels : public Dataset {
 public:
  explicit Levels(std::int64_t size) : size_(size) {}
  std::int64_t size() const override { return size_; }
  void read(std::int64_t index, std::vector<std::uint8_t>& buffer) const override {
    if (index == broken) throw DataError("level 13 is broken");
    const Image image{8, 8, std::vector<std::uint8_t>(8 * 8 * 3, static_cast<std::uint8_t>(index))};
    const std::string png = encode_png(image);
    buffer.assign(png.begin(), png.end());
  }
  std::int64_t label(std::int64_t index) const override { return index % 10; }
  std::string name(std::int64_t index) const override { return luvit::str("level ", index); }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::int64_t broken = -1;

 private:
  std::int64_t size_;
  std::vector<std::string> classes_;
};

const EvaluationView as_it_is{.resize = 8, .crop = 8, .mean = {0, 0, 0}, .std = {1 / 255.0, 1 / 255.0, 1 / 255.0}};

// Ten logits; the greatest is the level's last digit. Row by row, so that only the company could change anything.
at::Tensor last_digit(const at::Tensor& images) {
  const at::Tensor level = images.mean({1, 2, 3}).round();
  return -(level.remainder(10).unsqueeze(1) - at::arange(10, at::kFloat)).abs();
}

TEST(Predictions, AreTheBestFiveLowerClassesFirstAmongEquals) {
  const at::Tensor logits = at::tensor({1.0f, 3.0f, 3.0f, -1.0f, 3.0f, 2.0f, 0.0f}).reshape({1, 7});
  const Prediction p = predictions_of(logits, at::tensor({5}, at::kLong)).front();
  EXPECT_EQ(p.top, (std::array<std::int64_t, 5>{1, 2, 4, 5, 0}));
  double sum = 0, squares = 0;
  for (double logit : {1, 3, 3, -1, 3, 2, 0}) sum += std::exp(logit);
  for (double logit : {1, 3, 3, -1, 3, 2, 0}) squares += std::exp(2 * logit) / sum / sum;
  EXPECT_NEAR(p.confidence, std::exp(3) / sum, 1e-6);
  EXPECT_NEAR(p.nll, std::log(sum) - 2, 1e-6);
  EXPECT_NEAR(p.brier, squares - 2 * std::exp(2) / sum + 1, 1e-6);
  EXPECT_EQ(p.best_of_all, 1);
}

TEST(Predictions, OfFewClassesEndWithMinusOne) {
  const Prediction p = predictions_of(at::tensor({0.0f, 1.0f}).reshape({1, 2}), at::tensor({0}, at::kLong)).front();
  EXPECT_EQ(p.top, (std::array<std::int64_t, 5>{1, 0, -1, -1, -1}));
}

TEST(Predictions, OfASubsetKnowNoOtherClass) {
  // Outside the subset everything is certain, and wrong.
  const at::Tensor logits = at::tensor({50.0f, 1.0f, 60.0f, 2.0f, 70.0f}).reshape({1, 5});
  const Scoring scoring{.subset = {1, 3}};
  const Prediction p = predictions_of(logits, at::tensor({3}, at::kLong), scoring).front();
  EXPECT_EQ(p.top, (std::array<std::int64_t, 5>{3, 1, -1, -1, -1}));
  EXPECT_NEAR(p.confidence, 1 / (1 + std::exp(-1)), 1e-6);
  EXPECT_NEAR(p.nll, std::log(1 + std::exp(-1)), 1e-6);
  EXPECT_EQ(p.best_of_all, 4);
  EXPECT_EQ(scores_of({p}, scoring).top1, 1);
}

TEST(Predictions, OfGroupedClassesSumTheirProbabilities) {
  const at::Tensor logits = at::log(at::tensor({0.1f, 0.2f, 0.3f, 0.4f})).reshape({1, 4});
  const Scoring scoring{.label_of = {0, 1, 0, -1}};
  const Prediction p = predictions_of(logits, at::tensor({0}, at::kLong), scoring).front();
  EXPECT_EQ(p.top[0], 3);  // a class of no label, and wrong
  EXPECT_FALSE(scoring.right(0, p.top[0]));
  EXPECT_TRUE(scoring.right(0, p.top[1]));
  EXPECT_NEAR(p.nll, -std::log(0.4), 1e-6);
  EXPECT_NEAR(p.brier, 0.6 * 0.6 + 0.2 * 0.2 + 0.4 * 0.4, 1e-6);
  EXPECT_EQ(scores_of({p}, scoring).top1, 0);
  EXPECT_EQ(scores_of({p}, scoring).top5, 1);
  // Probabilities of e^-200 are zero as floats.
  const at::Tensor certain = at::tensor({0.0f, 0.0f, 0.0f, 200.0f}).reshape({1, 4});
  EXPECT_NEAR(predictions_of(certain, at::tensor({0}, at::kLong), scoring).front().nll, 200 - std::log(2), 1e-4);
}

TEST(Classify, SeesEachImageOnceInOrderWhateverTheBatch) {
  const Levels levels(53);
  Team alone;
  for (const std::int64_t batch : {1, 7, 64})
    for (const std::int64_t at_once : {1, 4, 100}) {
      std::set<std::int64_t> heights;
      const auto logits = [&](const at::Tensor& images) {
        heights.insert(images.size(0));
        return last_digit(images);
      };
      const auto found = classify(alone, levels, logits,
                                  {.view = as_it_is, .batch = batch, .workers = 2, .stop = {}, .at_once = at_once});
      ASSERT_TRUE(found);
      ASSERT_EQ(found->size(), 53u);
      for (std::int64_t i = 0; i < 53; ++i) {
        EXPECT_EQ((*found)[static_cast<std::size_t>(i)].label, i % 10);
        EXPECT_EQ((*found)[static_cast<std::size_t>(i)].top[0], i % 10);
      }
      EXPECT_EQ(heights, std::set<std::int64_t>{at_once});
    }
}

TEST(Classify, StopsBetweenCallsAndThenSaysNothing) {
  const Levels levels(53);
  Team alone;
  std::int64_t asked = 0;
  const ClassifyOptions options{
      .view = as_it_is, .batch = 4, .workers = 1, .stop = [&] { return ++asked == 3; }, .at_once = 4};
  EXPECT_FALSE(classify(alone, levels, last_digit, options));
  EXPECT_EQ(asked, 3);
}

TEST(Classify, EndsWithTheImageThatCannotBeRead) {
  Levels levels(53);
  levels.broken = 13;
  Team alone;
  try {
    classify(alone, levels, last_digit, {.view = as_it_is, .batch = 4, .workers = 2});
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "level 13 is broken");
  }
}

TEST(Classify, NamesTheImageWhoseLogitsAreNoNumbers) {
  const Levels levels(53);
  Team alone;
  const auto broken = [](const at::Tensor& images) {
    at::Tensor logits = last_digit(images);
    logits.index_put_({images.mean({1, 2, 3}).round() == 21}, std::nanf(""));
    return logits;
  };
  try {
    classify(alone, levels, broken, {.view = as_it_is, .batch = 4, .workers = 2, .stop = {}, .at_once = 4});
    FAIL();
  } catch (const RunError& error) {
    EXPECT_EQ(std::string(error.what()), "level 21: the model's logits are not finite");
  }
}

}  // namespace
}  // namespace luvit
