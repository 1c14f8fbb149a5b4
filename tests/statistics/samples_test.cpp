#include "luvit/statistics/samples.h"

#include <gtest/gtest.h>

#include "luvit/statistics/distributions.h"

namespace luvit {
namespace {

// The constants that the paper's error bars rest on: 10 seeds and 3.
TEST(Distributions, KnownQuantiles) {
  EXPECT_NEAR(student_t_quantile(0.995, 9), 3.2498, 5e-5);
  EXPECT_NEAR(student_t_quantile(0.995, 2), 9.925, 5e-4);
  EXPECT_NEAR(normal_quantile(0.995), 2.5758, 5e-5);
  EXPECT_NEAR(student_t_quantile(0.995, 9) / normal_quantile(0.995), 1.26, 5e-3);
}

TEST(Distributions, QuantileIsTheInverse) {
  for (const double df : {0.8, 3.0, 50.0, 1e6})
    for (const double p : {1e-10, 0.02, 0.4999, 0.5, 0.77, 0.9999}) {
      EXPECT_NEAR(student_t_cdf(student_t_quantile(p, df), df), p, 1e-12 * p) << p << " " << df;
    }
  EXPECT_NEAR(student_t_quantile(0.975, 1e9), normal_quantile(0.975), 1e-8);
}

TEST(Distributions, RefuseWhatHasNoAnswer) {
  EXPECT_THROW(normal_quantile(0), std::invalid_argument);
  EXPECT_THROW(normal_quantile(1), std::invalid_argument);
  EXPECT_THROW(student_t_quantile(0.9, 0), std::invalid_argument);
  EXPECT_THROW(incomplete_beta(0, 1, 0.5), std::invalid_argument);
}

TEST(Intervals, Wilson) {
  // Sampling noise alone, half widths in points, as tables of these benchmarks are to be read.
  const Interval imagenet = wilson_interval(41750, 50000), imagenet_a = wilson_interval(2700, 7500);
  EXPECT_NEAR((imagenet.high - imagenet.low) * 50, 0.33, 5e-3);
  EXPECT_NEAR((imagenet_a.high - imagenet_a.low) * 50, 1.09, 5e-3);
  const Interval none = wilson_interval(0, 0), never = wilson_interval(0, 5), always = wilson_interval(5, 5);
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 1);
  EXPECT_EQ(never.low, 0);
  EXPECT_EQ(always.high, 1);
  EXPECT_NEAR(never.high, 1 - always.low, 1e-15);
}

TEST(Samples, OneRunHasNoSpread) {
  const SampleSummary one = summary_of({0.8});
  EXPECT_EQ(one.mean, 0.8);
  EXPECT_FALSE(one.sd || one.se || one.interval);
}

// s / √n, not s / n as the paper's appendix has it.
TEST(Samples, StandardErrorOfThree) {
  const SampleSummary three = summary_of({1, 2, 3});
  EXPECT_DOUBLE_EQ(*three.sd, 1);
  EXPECT_DOUBLE_EQ(*three.se, 1 / std::sqrt(3));
  EXPECT_NEAR(three.interval->high - 2, 9.924843 / std::sqrt(3), 1e-6);
}

TEST(Samples, TestsThatCannotBeMade) {
  EXPECT_FALSE(welch_test({1}, {2, 3}));
  EXPECT_FALSE(welch_test({1, 1}, {2, 2}));
  EXPECT_FALSE(paired_t_test({1}, {2}));
  EXPECT_FALSE(paired_t_test({1, 2}, {2, 3}));              // the same difference each time,
  EXPECT_FALSE(paired_t_test({0.80, 0.82}, {0.83, 0.85}));  // but for rounding
  EXPECT_FALSE(welch_test({0.9, 0.9, 0.9}, {0.7, 0.7, 0.7}));
  EXPECT_EQ(*summary_of({0.9, 0.9, 0.9}).sd, 0);
  EXPECT_THROW(paired_t_test({1, 2}, {2}), std::invalid_argument);
}

// With a spread in one group only, Welch is the one-sample test of that group against the other's value.
TEST(Samples, WelchAgainstAConstant) {
  const auto test = welch_test({5, 5}, {6, 7, 8});
  ASSERT_TRUE(test);
  EXPECT_DOUBLE_EQ(test->difference, 2);
  EXPECT_DOUBLE_EQ(test->df, 2);
  EXPECT_DOUBLE_EQ(test->t, 2 * std::sqrt(3));
}

}  // namespace
}  // namespace luvit
