#include "luvit/train/stragglers.h"

#include <gtest/gtest.h>

namespace luvit {
namespace {

std::optional<std::string> after_a_window(Stragglers& stragglers, const std::vector<double>& seconds) {
  for (int step = 1; step < Stragglers::window; ++step) EXPECT_FALSE(stragglers.add(seconds));
  return stragglers.add(seconds);
}

TEST(Stragglers, TheSlowRankIsNamedOnceAWindow) {
  Stragglers stragglers;
  const auto line = after_a_window(stragglers, {1.0, 1.1, 1.5, 0.9});
  ASSERT_TRUE(line);
  EXPECT_NE(line->find("rank 2 took 1.50 times"), std::string::npos) << *line;
  EXPECT_EQ(line->find("rank 1"), std::string::npos) << *line;
  EXPECT_FALSE(after_a_window(stragglers, {1.0, 1.1, 1.15, 0.9})) << "a window of its own";
}

TEST(Stragglers, OneOfTwoIsHeldAgainstTheOther) {
  Stragglers stragglers;
  EXPECT_NE(after_a_window(stragglers, {1.0, 1.3})->find("rank 1"), std::string::npos);
}

TEST(Stragglers, AlikeAndAloneNobodyIs) {
  Stragglers stragglers;
  EXPECT_FALSE(after_a_window(stragglers, {1.0, 1.19, 1.0}));
  Stragglers alone;
  EXPECT_FALSE(after_a_window(alone, {3.0}));
}

TEST(Stragglers, MillisecondsAreNoise) {
  Stragglers stragglers;
  EXPECT_FALSE(after_a_window(stragglers, {0.002, 0.003}));
  EXPECT_FALSE(after_a_window(stragglers, {0.012, 0.030})) << "less than 20 ms a step";
  EXPECT_TRUE(after_a_window(stragglers, {0.012, 0.034}));
}

}  // namespace
}  // namespace luvit
