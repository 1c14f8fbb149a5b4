// The statistics layer against scipy, statsmodels and numpy (scripts/fixtures/statistics.py).
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "luvit/statistics/calibration.h"
#include "luvit/statistics/distributions.h"
#include "luvit/statistics/paired.h"
#include "luvit/statistics/samples.h"

namespace luvit {
namespace {

using Json = nlohmann::json;

const Json& fixture() {
  static const Json content = [] {
    std::ifstream in(LUVIT_SOURCE_DIR "/tests/parity/fixtures/statistics.json");
    return Json::parse(in);
  }();
  return content;
}

double relative(double got, double expected) {
  return std::abs(got - expected) / std::max(std::abs(expected), 1e-300);
}

// The largest relative difference over a table whose rows end in the expected value.
template <typename Function>
double worst(const char* table, Function function) {
  double largest = 0;
  for (const Json& row : fixture().at(table)) {
    const auto numbers = row.get<std::vector<double>>();
    if (numbers.back() != 0) largest = std::max(largest, relative(function(numbers), numbers.back()));
  }
  return largest;
}

using Numbers = std::vector<double>;

void expect_interval(const Interval& got, const Json& expected, double tolerance) {
  EXPECT_NEAR(got.low, expected.at(0).get<double>(), tolerance);
  EXPECT_NEAR(got.high, expected.at(1).get<double>(), tolerance);
}

TEST(StatisticsParity, IncompleteBeta) {
  EXPECT_LE(worst("beta", [](const Numbers& v) { return incomplete_beta(v[0], v[1], v[2]); }), 1e-11);
  EXPECT_GT(worst("beta", [](const Numbers& v) { return incomplete_beta(v[0] + 1e-6, v[1], v[2]); }), 1e-7);
}

TEST(StatisticsParity, StudentT) {
  EXPECT_LE(worst("t_cdf", [](const Numbers& v) { return student_t_cdf(v[0], v[1]); }), 1e-11);
  EXPECT_LE(worst("t_two_sided", [](const Numbers& v) { return student_t_two_sided(v[0], v[1]); }), 1e-11);
  // scipy's own inverse stops at about 1e-11: at df = 1 its digits differ from −1/tan(πp) by that much.
  EXPECT_LE(worst("t_quantile", [](const Numbers& v) { return student_t_quantile(v[0], v[1]); }), 5e-11);
  EXPECT_GT(worst("t_quantile", [](const Numbers& v) { return student_t_quantile(v[0], v[1] + 1e-3); }), 1e-5);
}

TEST(StatisticsParity, StudentTHasItsClosedForms) {
  for (const double p : {1e-8, 0.005, 0.3, 0.49, 0.9, 0.995}) {
    const double cauchy = -1 / std::tan(std::numbers::pi * p), two = (2 * p - 1) / std::sqrt(2 * p * (1 - p));
    EXPECT_LE(relative(student_t_quantile(p, 1), cauchy), 1e-13) << p;
    EXPECT_LE(relative(student_t_quantile(p, 2), two), 1e-13) << p;
    EXPECT_NEAR(student_t_cdf(cauchy, 1) / p, 1, 1e-13) << p;
  }
}

TEST(StatisticsParity, NormalQuantile) {
  EXPECT_LE(worst("normal_quantile", [](const Numbers& v) { return normal_quantile(v[0]); }), 1e-13);
  EXPECT_EQ(normal_quantile(0.5), 0);
}

TEST(StatisticsParity, WilsonAndNewcombe) {
  for (const Json& row : fixture().at("wilson")) {
    const Interval got = wilson_interval(row.at(0), row.at(1), row.at(2));
    EXPECT_NEAR(got.low, row.at(3).get<double>(), 1e-14);
    EXPECT_NEAR(got.high, row.at(4).get<double>(), 1e-14);
  }
  for (const Json& row : fixture().at("newcombe")) {
    const Interval got = newcombe_interval({row.at(0), row.at(1)}, {row.at(2), row.at(3)});
    EXPECT_NEAR(got.low, row.at(4).get<double>(), 1e-14);
    EXPECT_NEAR(got.high, row.at(5).get<double>(), 1e-14);
  }
}

TEST(StatisticsParity, McNemar) {
  for (const Json& row : fixture().at("mcnemar")) {
    const double expected = row.at(2), got = mcnemar_p(row.at(0), row.at(1));
    EXPECT_LE(relative(got, expected), 1e-11) << row;
  }
}

TEST(StatisticsParity, SummariesOfSeeds) {
  for (const Json& expected : fixture().at("summaries")) {
    const SampleSummary got = summary_of(expected.at("values"));
    EXPECT_NEAR(got.mean, expected.at("mean").get<double>(), 1e-12);
    EXPECT_NEAR(*got.sd, expected.at("sd").get<double>(), 1e-12);
    EXPECT_NEAR(*got.se, expected.at("se").get<double>(), 1e-12);
    expect_interval(*got.interval, expected.at("interval"), 1e-11);
  }
}

void expect_test(const std::optional<MeanDifference>& got, const Json& expected) {
  ASSERT_TRUE(got);
  EXPECT_NEAR(got->t, expected.at("t").get<double>(), 1e-9);
  EXPECT_NEAR(got->df, expected.at("df").get<double>(), 1e-9);
  EXPECT_NEAR(got->p, expected.at("p").get<double>(), 1e-10);
  expect_interval(got->interval, expected.at("interval"), 1e-10);
}

TEST(StatisticsParity, WelchAndPairedT) {
  for (const Json& expected : fixture().at("welch")) {
    SCOPED_TRACE(expected.dump());
    expect_test(welch_test(expected.at("first"), expected.at("second")), expected);
  }
  const Json& paired = fixture().at("paired");
  expect_test(paired_t_test(paired.at("first"), paired.at("second")), paired);
}

TEST(StatisticsParity, BootstrapPercentiles) {
  for (const Json& expected : fixture().at("bootstrap")) {
    std::vector<Cluster> clusters;
    for (const double sum : expected.at("sums")) clusters.push_back({sum, expected.at("rows")});
    // The end of a percentile interval from 10,000 resamples has an error of about 0.027 standard errors.
    const double tolerance = 0.12 * expected.at("se").get<double>();
    for (const bool one_by_one : {false, true})
      for (const std::uint64_t seed : {0, 1}) {
        const Interval got = bootstrap_interval(clusters, {.seed = seed, .one_by_one = one_by_one});
        expect_interval(got, expected.at("interval"), tolerance);
      }
  }
}

TEST(StatisticsParity, Calibration) {
  for (const Json& expected : fixture().at("calibration")) {
    std::vector<Answer> answers;
    for (std::size_t i = 0; i < expected.at("confidence").size(); ++i)
      answers.push_back({expected.at("confidence").at(i), expected.at("correct").at(i) == 1});
    const Reliability bins = reliability(answers);
    EXPECT_EQ(Json(bins.n), expected.at("n"));
    for (std::size_t bin = 0; bin < 15; ++bin) {
      EXPECT_NEAR(bins.accuracy[bin], expected.at("accuracy").at(bin).get<double>(), 1e-12);
      EXPECT_NEAR(bins.confidence[bin], expected.at("mean_confidence").at(bin).get<double>(), 1e-12);
    }
    EXPECT_NEAR(expected_calibration_error(bins), expected.at("ece").get<double>(), 1e-12);
    EXPECT_NEAR(*rms_calibration_error(answers, false), expected.at("rms").get<double>(), 1e-12);
    const std::optional<double> published = rms_calibration_error(answers, true);
    ASSERT_EQ(published.has_value(), !expected.at("rms_published").is_null());
    if (published) {
      EXPECT_NEAR(*published, expected.at("rms_published").get<double>(), 1e-12);
    }
    EXPECT_NEAR(aurra(answers), expected.at("aurra").get<double>(), 1e-12);
    EXPECT_NEAR(brier_of_choice(answers), expected.at("brier").get<double>(), 1e-12);
  }
}

}  // namespace
}  // namespace luvit
