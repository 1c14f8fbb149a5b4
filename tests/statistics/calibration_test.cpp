#include "luvit/statistics/calibration.h"

#include <gtest/gtest.h>

namespace luvit {
namespace {

TEST(Calibration, BinsAreOpenBelowAndClosedAbove) {
  std::vector<Answer> answers = {{0, false}, {1, true}};
  for (int edge = 1; edge < 15; ++edge) answers.push_back({edge / 15.0, true});
  const Reliability bins = reliability(answers);
  EXPECT_EQ(bins.n, (std::vector<std::int64_t>{2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(bins.accuracy[0], 0.5);
  EXPECT_EQ(bins.confidence[14], 1);
  const Reliability above = reliability({{std::nextafter(1 / 15.0, 1), true}});
  EXPECT_EQ(above.n[1], 1);
}

// A float's nearest value to 3/15 lies above the edge: it counts in the bin that it is in.
TEST(Calibration, FloatConfidencesNearAnEdge) {
  EXPECT_EQ(reliability({{static_cast<double>(0.2f), true}}).n[3], 1);
  EXPECT_EQ(reliability({{0.2, true}}).n[2], 1);
}

TEST(Calibration, ErrorIsWeightedByBin) {
  const std::vector<Answer> answers = {{0.9, true}, {0.9, false}, {0.9, false}, {0.3, true}};
  EXPECT_NEAR(expected_calibration_error(reliability(answers)), 0.75 * (0.9 - 1.0 / 3) + 0.25 * 0.7, 1e-15);
  EXPECT_EQ(expected_calibration_error(reliability({})), 0);
}

// 250 answers are two bins, of 100 and 150; as published, the second is lost but its answers still count.
TEST(Calibration, PublishedRmsLosesTheLastBin) {
  std::vector<Answer> answers(250, Answer{0.9, false});
  std::fill(answers.begin(), answers.begin() + 100, Answer{0.5, false});
  EXPECT_NEAR(*rms_calibration_error(answers, true), std::sqrt(0.4 * 0.25), 1e-12);
  EXPECT_NEAR(*rms_calibration_error(answers, false), std::sqrt(0.4 * 0.25 + 0.6 * 0.81), 1e-12);
  answers.resize(150);
  EXPECT_FALSE(rms_calibration_error(answers, true));
  EXPECT_FALSE(rms_calibration_error({}, false));
}

TEST(Calibration, AurraRewardsKnowingWhenOneIsRight) {
  EXPECT_DOUBLE_EQ(aurra({{0.9, true}, {0.1, false}}), 0.75);
  EXPECT_DOUBLE_EQ(aurra({{0.9, false}, {0.1, true}}), 0.25);
  EXPECT_EQ(aurra({}), 0);
}

}  // namespace
}  // namespace luvit
