#include "luvit/statistics/rank_correlation.h"

#include <gtest/gtest.h>

namespace luvit {
namespace {

// numpy.corrcoef of the ranks 0, 1.5, 1.5, 3, 4, 5 and 3, 0, 1.5, 1.5, 4, 5.
TEST(Spearman, SharesRanksOfEqualValues) {
  const auto found = spearman({1, 2, 2, 4, 5, 7}, {3, 1, 2, 2, 6, 9});
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->rho, 0.6029411764705883, 1e-12);
  // tanh(atanh ρ ∓ 1.959964·√((1 + ρ²/2)/3))
  EXPECT_NEAR(found->interval.low,
              std::tanh(std::atanh(found->rho) - 1.959963984540054 * std::sqrt((1 + found->rho * found->rho / 2) / 3)),
              1e-9);
  EXPECT_GT(found->interval.high, found->rho);
}

TEST(Spearman, IsOfTheOrderAlone) {
  EXPECT_DOUBLE_EQ(spearman({1, 2, 3, 4}, {1, 10, 100, 1000})->rho, 1);
  EXPECT_DOUBLE_EQ(spearman({1, 2, 3, 4}, {4, 3, 2, -100})->rho, -1);
  EXPECT_DOUBLE_EQ(spearman({1, 2, 3, 4}, {4, 3, 2, -100})->interval.high, -1);
}

TEST(Spearman, SaysNothingOfNothing) {
  EXPECT_FALSE(spearman({1, 2, 3}, {1, 2, 3}));
  EXPECT_FALSE(spearman({1, 1, 1, 1}, {1, 2, 3, 4}));
  EXPECT_FALSE(spearman({1, 2, 3, 4}, {1, 2, 3}));
}

}  // namespace
}  // namespace luvit
