#include <gtest/gtest.h>

#include <cmath>

#include "luvit/optim/options.h"

namespace luvit {
namespace {

TEST(Schedule, PeakFollowsTheBatchUnlessTheRateIsGiven) {
  OptimOptions options;
  EXPECT_DOUBLE_EQ(options.peak_lr(4096), 2.4e-3);
  options.lr = 0.5;
  EXPECT_DOUBLE_EQ(options.peak_lr(4096), 0.5);
}

TEST(Schedule, CosineStartsAtZeroPeaksAfterTheWarmUpAndEndsAtTheMinimum) {
  OptimOptions options;
  options.warmup_epochs = 10;
  options.min_lr = 0.01;
  EXPECT_EQ(learning_rate(options, 1.0, 0, 100), 0.0);
  EXPECT_DOUBLE_EQ(learning_rate(options, 1.0, 2.5, 100), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate(options, 1.0, 10, 100), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(options, 1.0, 55, 100), 0.505);
  EXPECT_NEAR(learning_rate(options, 1.0, 100, 100), 0.01, 1e-15);
}

TEST(Schedule, WarmUpMayOutlastTheRunOrBeAbsent) {
  OptimOptions options;
  options.warmup_epochs = 40;
  EXPECT_DOUBLE_EQ(learning_rate(options, 1.0, 4.5, 5), 4.5 / 40);
  options.warmup_epochs = 0;
  EXPECT_DOUBLE_EQ(learning_rate(options, 1.0, 0, 5), 1.0);
}

TEST(Schedule, StepDropsTwiceLikeVitDet) {
  OptimOptions options;
  options.schedule = Schedule::step;
  options.warmup_epochs = 1;
  const double epochs = 184375;  // an epoch stands for an iteration here
  const auto rate = [&](double iteration) { return learning_rate(options, 1e-4, iteration, epochs); };
  EXPECT_DOUBLE_EQ(rate(163888), 1e-4);
  EXPECT_DOUBLE_EQ(rate(163889), 1e-5);
  EXPECT_DOUBLE_EQ(rate(177546), 1e-5);
  EXPECT_DOUBLE_EQ(rate(177547), 1e-6);
  options.min_lr = 5e-6;
  EXPECT_DOUBLE_EQ(rate(180000), 5e-6);
}

}  // namespace
}  // namespace luvit
