#include "luvit/statistics/paired.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace luvit {
namespace {

std::vector<Cluster> differences(std::int64_t n, std::int64_t a_only, std::int64_t b_only) {
  std::vector<Cluster> clusters(static_cast<std::size_t>(n), Cluster{0, 1});
  for (std::int64_t i = 0; i < a_only + b_only; ++i) clusters[static_cast<std::size_t>(i)].sum = i < a_only ? -1 : 1;
  return clusters;
}

TEST(McNemar, SmallCasesByHand) {
  EXPECT_EQ(mcnemar_p(0, 0), 1);
  EXPECT_EQ(mcnemar_p(4, 4), 1);
  EXPECT_DOUBLE_EQ(mcnemar_p(0, 5), 2 * std::pow(0.5, 5));
  EXPECT_DOUBLE_EQ(mcnemar_p(1, 3), 2 * (1 + 4) * std::pow(0.5, 4));
  EXPECT_EQ(mcnemar_p(2, 9), mcnemar_p(9, 2));
}

// The interval of a mean of many nearly independent ±1 is nearly the normal one.
TEST(Bootstrap, WidthIsTheStandardErrors) {
  const std::int64_t n = 50000, a_only = 2300, b_only = 2500;
  const double p = 200.0 / n, se = std::sqrt((4800.0 / n - p * p) / n);
  const Interval interval = bootstrap_interval(differences(n, a_only, b_only));
  EXPECT_NEAR(interval.low, p - 1.96 * se, 0.1 * se);
  EXPECT_NEAR(interval.high, p + 1.96 * se, 0.1 * se);
}

TEST(Bootstrap, IsAFunctionOfSeedAndClusters) {
  std::vector<Cluster> clusters = differences(3000, 200, 260);
  const Interval one = bootstrap_interval(clusters);
  std::reverse(clusters.begin(), clusters.end());
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Interval same = bootstrap_interval(clusters);
  at::set_num_threads(threads);
  const Interval other = bootstrap_interval(clusters, {.seed = 1});
  EXPECT_EQ(one.low, same.low);
  EXPECT_EQ(one.high, same.high);
  EXPECT_TRUE(one.low != other.low || one.high != other.high);
}

// Rows of one source go together: 95 equal answers an image are worth one image, not 95.
TEST(Bootstrap, ClustersAreNotRows) {
  std::vector<Cluster> sources, rows;
  for (int image = 0; image < 400; ++image) {
    const double sum = image % 3 == 0 ? 95 : 0;
    sources.push_back({sum, 95});
    for (int cell = 0; cell < 95; ++cell) rows.push_back({sum / 95, 1});
  }
  const auto width = [](const Interval& interval) { return interval.high - interval.low; };
  const double ratio = width(bootstrap_interval(sources)) / width(bootstrap_interval(rows));
  EXPECT_NEAR(ratio, std::sqrt(95), 0.6);
}

// Sources with unequal numbers of rows: the mean is over rows, and the resamples' sizes differ.
TEST(Bootstrap, UnequalClustersByKindsAndOneByOne) {
  std::vector<Cluster> clusters;
  for (int i = 0; i < 600; ++i) clusters.push_back({i % 4 == 0 ? 3.0 : 1.0, i % 4 == 0 ? 5.0 : 2.0});
  const Interval kinds = bootstrap_interval(clusters, {.resamples = 20000});
  const Interval one_by_one = bootstrap_interval(clusters, {.resamples = 20000, .one_by_one = true});
  const double se = (kinds.high - kinds.low) / 3.92;
  EXPECT_GT(se, 0);
  EXPECT_NEAR(kinds.low, one_by_one.low, 0.15 * se);
  EXPECT_NEAR(kinds.high, one_by_one.high, 0.15 * se);
  EXPECT_LT(kinds.low, (150 * 3.0 + 450) / (150 * 5.0 + 900));
  EXPECT_GT(kinds.high, (150 * 3.0 + 450) / (150 * 5.0 + 900));
}

TEST(Bootstrap, NothingToResample) {
  const Interval none = bootstrap_interval({}), alike = bootstrap_interval(differences(10, 0, 0));
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 0);
  EXPECT_EQ(alike.low, 0);
  EXPECT_EQ(alike.high, 0);
}

}  // namespace
}  // namespace luvit
