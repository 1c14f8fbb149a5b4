#include "luvit/eval/seeds.h"

#include <gtest/gtest.h>

#include "luvit/core/error.h"
#include "made_up_run.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

using Json = nlohmann::json;

class SeedsTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  int made_ = 0;

  EvaluatedRun run(double top1, nlohmann::ordered_json more = nlohmann::ordered_json::object()) {
    MadeUpRun made(folder_ / ("run" + std::to_string(made_++)));
    more["top1"] = top1;
    more["n"] = more.value("n", 100);
    made.suite("in1k", more).provenance({{"weights_sha256", std::to_string(made_)}});
    return made.read();
  }
};

// Expected values: scipy.stats.ttest_ind(equal_var=False), ttest_rel and t.interval.
TEST_F(SeedsTest, AgainstAnotherGroup) {
  SeedsOptions options;
  for (const double top1 : {0.80, 0.82, 0.81}) options.first.push_back(run(top1));
  for (const double top1 : {0.83, 0.85, 0.825}) options.against.push_back(run(top1));
  options.paired = true;
  const SeedsSummary summary = summarise_seeds(options);
  EXPECT_TRUE(summary.warnings.empty());
  const Json json = Json::parse(seeds_json(summary)).at("suites").at("in1k").at("top1");
  EXPECT_EQ(json.at("n"), 3);
  EXPECT_EQ(json.at("values"), (Json{0.80, 0.82, 0.81}));
  EXPECT_NEAR(json.at("mean").get<double>(), 0.81, 1e-12);
  EXPECT_NEAR(json.at("sd").get<double>(), 0.01, 1e-12);
  EXPECT_NEAR(json.at("se").get<double>(), 0.005773502691896, 1e-12);
  EXPECT_NEAR(json.at("interval99").at(0).get<double>(), 0.7526988910628516, 1e-12);
  EXPECT_NEAR(json.at("interval99").at(1).get<double>(), 0.8673011089371485, 1e-12);
  EXPECT_EQ(json.at("against").at("values"), (Json{0.83, 0.85, 0.825}));
  const Json& welch = json.at("welch");
  EXPECT_NEAR(welch.at("difference").get<double>(), 0.025, 1e-12);
  EXPECT_NEAR(welch.at("t").get<double>(), 2.611164839335461, 1e-9);
  EXPECT_NEAR(welch.at("df").get<double>(), 3.7230769230769143, 1e-9);
  EXPECT_NEAR(welch.at("p").get<double>(), 0.0638111516161769, 1e-9);
  EXPECT_NEAR(welch.at("interval99").at(0).get<double>(), -0.021402109275520026, 1e-9);
  const Json& paired = json.at("paired");
  EXPECT_NEAR(paired.at("t").get<double>(), 5, 1e-9);
  EXPECT_NEAR(paired.at("p").get<double>(), 0.03774955135062419, 1e-9);
  EXPECT_NEAR(paired.at("interval99").at(1).get<double>(), 0.07462421600459053, 1e-9);
}

TEST_F(SeedsTest, OneRunHasNoSpread) {
  const SeedsSummary summary = summarise_seeds({.first = {run(0.8)}, .against = {run(0.9)}});
  const Json json = Json::parse(seeds_json(summary)).at("suites").at("in1k").at("top1");
  for (const char* key : {"sd", "se", "interval99"}) EXPECT_FALSE(json.contains(key)) << key;
  EXPECT_NEAR(json.at("welch").at("difference").get<double>(), 0.1, 1e-12);
  EXPECT_FALSE(json.at("welch").contains("p"));
}

TEST_F(SeedsTest, NumbersWithinObjectsCountsApart) {
  const nlohmann::ordered_json more = {
      {"entropy", {{"gap_mean", 0.5}, {"interval95", {0, 1}}}}, {"ece", 0.1}, {"kind", "x"}};
  const SeedsSummary summary = summarise_seeds({.first = {run(0.8, more), run(0.7, more)}});
  std::vector<std::string> keys;
  for (const MetricOverSeeds& metric : summary.suites[0].metrics) keys.push_back(metric.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"entropy.gap_mean", "ece", "top1"}));
}

TEST_F(SeedsTest, WhatNotAllRunsHaveIsNamed) {
  EvaluatedRun one = run(0.8, {{"ece", 0.1}}), other = run(0.7, {{"n", 99}});
  one.suites.push_back({});
  one.suites.back().name = "extra";
  const SeedsSummary summary = summarise_seeds({.first = {one, other, other}});
  ASSERT_EQ(summary.warnings.size(), 4u);
  EXPECT_NE(summary.warnings[0].find("are evaluations of the same weights"), std::string::npos);
  EXPECT_NE(summary.warnings[1].find("suite in1k: not in all runs, so left out: ece"), std::string::npos);
  EXPECT_NE(summary.warnings[2].find("suite in1k has from 99 to 100 images"), std::string::npos);
  EXPECT_NE(summary.warnings[3].find("suite extra is left out: not in "), std::string::npos);
  EXPECT_EQ(summary.suites.size(), 1u);
}

TEST_F(SeedsTest, ManyThatNotAllRunsHaveAreNamedByTheirBeginnings) {
  const nlohmann::ordered_json trained = {
      {"distance", 1.0}, {"cosine", 1.0}, {"linear_r2", 1.0}, {"distance_even", 1.0}};
  const EvaluatedRun one = run(0.8, {{"ece", 0.1}, {"filtering", {{"trained", trained}, {"random", trained}}}});
  const SeedsSummary summary = summarise_seeds({.first = {one, run(0.7)}});
  EXPECT_NE(summary.warnings.back().find("so left out: ece, filtering.random.* (4), filtering.trained.* (4)"),
            std::string::npos)
      << summary.warnings.back();
}

TEST_F(SeedsTest, RunsThatAreNoSeedsOfOneTrainingAreNamed) {
  EvaluatedRun one = run(0.8), other = run(0.7);
  one.provenance = R"({"model":{"dim":64,"fusion":{"weights":"a/block"}}})";
  other.provenance = R"({"model":{"dim":64,"fusion":{"weights":"b/block"}}})";  // the same file, elsewhere
  EXPECT_TRUE(summarise_seeds({.first = {one, other}}).warnings.empty());
  other.provenance = R"({"model":{"dim":64,"fusion":{"weights":"b/block"}},"task":"linear_probe"})";
  const SeedsSummary summary = summarise_seeds({.first = {one, other}, .against = {one}});
  ASSERT_EQ(summary.warnings.size(), 2u);
  EXPECT_NE(summary.warnings[0].find("stand in both groups"), std::string::npos);
  EXPECT_NE(summary.warnings[1].find("were not trained alike"), std::string::npos);
}

TEST_F(SeedsTest, GeneratedCorruptionsAreNotImageNetC) {
  EvaluatedRun real = run(0.8), made = run(0.7), more = run(0.6);
  real.suites[0].kind = made.suites[0].kind = more.suites[0].kind = "imagenet_c";
  made.suites[0].generated = more.suites[0].generated = true;
  EXPECT_THROW(summarise_seeds({.first = {real, made}}), DataError);
  const SeedsSummary summary = summarise_seeds({.first = {made, more}});
  EXPECT_EQ(Json::parse(seeds_json(summary)).at("generated"), Json::parse(R"(["in1k"])"));
  EXPECT_NE(seeds_text(summary).find("in1k (generated)"), std::string::npos);
}

TEST_F(SeedsTest, Refusals) {
  EvaluatedRun other = run(0.7);
  other.suites[0].name = "else";
  EXPECT_THROW(summarise_seeds({.first = {run(0.8), other}}), DataError);
  EXPECT_THROW(summarise_seeds({.first = {run(0.8), run(0.8)}, .against = {run(0.8)}, .paired = true}), UsageError);
}

}  // namespace
}  // namespace luvit
