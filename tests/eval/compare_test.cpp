#include "luvit/eval/compare.h"

#include <gtest/gtest.h>

#include "luvit/core/error.h"
#include "made_up_run.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

using Json = nlohmann::json;
using Line = MadeUpRun::Line;

class CompareTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  MadeUpRun a_{folder_.path() / "a"}, b_{folder_.path() / "b"};

  Comparison compare(const BootstrapOptions& options = {}) { return compare_runs(a_.read(), b_.read(), options); }
  std::string refusal() {
    try {
      compare();
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }
};

// Ten images: A alone right on one, B alone on three, both on four, neither on two.
std::vector<Line> ten(bool is_a) {
  std::vector<Line> lines;
  for (int i = 0; i < 10; ++i) {
    const bool right = i < 4 || (is_a ? i == 4 : i >= 5 && i < 8);
    lines.push_back({"n0/" + std::to_string(i) + ".JPEG", i, right ? i : i + 1});
  }
  return lines;
}

TEST_F(CompareTest, CountsAndTests) {
  a_.suite("in1k", {{"top1", 0.5}}).predictions("in1k", ten(true));
  b_.suite("in1k", {{"top1", 0.7}}).predictions("in1k", ten(false));
  const Comparison comparison = compare();
  ASSERT_EQ(comparison.suites.size(), 1u);
  const Pairs& pairs = comparison.suites[0].all;
  EXPECT_EQ(pairs.n, 10);
  EXPECT_DOUBLE_EQ(pairs.a, 0.5);
  EXPECT_DOUBLE_EQ(pairs.b, 0.7);
  EXPECT_EQ(pairs.a_only, 1);
  EXPECT_EQ(pairs.b_only, 3);
  EXPECT_DOUBLE_EQ(pairs.mcnemar_p, 0.625);  // scipy.stats.binomtest(1, 4)
  EXPECT_LE(pairs.interval95.low, -0.1);
  EXPECT_GE(pairs.interval95.high, 0.5);

  const Json json = Json::parse(comparison_json(comparison)).at("suites").at("in1k");
  EXPECT_EQ(json.at("n"), 10);
  EXPECT_NEAR(json.at("difference").get<double>(), 0.2, 1e-15);
  EXPECT_EQ(json.at("interval95").at(0), pairs.interval95.low);
  EXPECT_EQ(json.at("mcnemar"), (Json{{"a_only", 1}, {"b_only", 3}, {"p", pairs.mcnemar_p}}));
  EXPECT_FALSE(json.contains("sources"));
}

TEST_F(CompareTest, OrderOfLinesDoesNotMatter) {
  std::vector<Line> reversed = ten(false);
  std::reverse(reversed.begin(), reversed.end());
  a_.suite("s", {{"top1", 0.5}}).predictions("s", ten(true));
  b_.suite("s", {{"top1", 0.7}}).predictions("s", ten(false));
  const std::string in_order = comparison_json(compare());
  b_.predictions("s", reversed);
  EXPECT_EQ(comparison_json(compare()), in_order);
}

TEST_F(CompareTest, BootstrapIsReproducible) {
  a_.suite("s", {}).predictions("s", ten(true));
  b_.suite("s", {}).predictions("s", ten(false));
  EXPECT_EQ(comparison_json(compare({.seed = 3})), comparison_json(compare({.seed = 3})));
}

TEST_F(CompareTest, DifferentImages) {
  a_.suite("s", {}).predictions("s", ten(true));
  std::vector<Line> lines = ten(false);
  lines.back().path = "n0/else.JPEG";
  b_.suite("s", {}).predictions("s", lines);
  EXPECT_NE(refusal().find("1 only in the first, 1 only in the second, for example n0/9.JPEG"), std::string::npos);
  lines.pop_back();
  b_.predictions("s", lines);
  EXPECT_NE(refusal().find("1 only in the first, 0 only in the second"), std::string::npos);
}

TEST_F(CompareTest, AnImageTwiceOrWithAnotherLabel) {
  std::vector<Line> lines = ten(false);
  lines[3].label = 7;
  a_.suite("s", {}).predictions("s", ten(true));
  b_.suite("s", {}).predictions("s", lines);
  EXPECT_NE(refusal().find("n0/3.JPEG has label 3 in"), std::string::npos);
  lines = ten(false);
  lines[3].path = lines[2].path;
  b_.predictions("s", lines);
  EXPECT_NE(refusal().find("n0/2.JPEG stands there twice"), std::string::npos);
}

TEST_F(CompareTest, MalformedPredictions) {
  a_.suite("s", {}).predictions("s", ten(true));
  const std::string head = "path,label,pred1,pred2,pred3,pred4,pred5,confidence\r\n";
  b_.suite("s", {}).raw_predictions("s", head + "n0/0.JPEG,zero,1,-1,-1,-1,-1,0.5\r\n");
  EXPECT_NE(refusal().find("s.csv: line 2: label is `zero`; expected an integer"), std::string::npos);
  b_.raw_predictions("s", head + "n0/0.JPEG,0,1\r\n");
  EXPECT_NE(refusal().find("s.csv: line 2: 3 fields; expected 8"), std::string::npos);
  b_.raw_predictions("s", "path,label\r\n");
  EXPECT_NE(refusal().find("no column pred1"), std::string::npos);
}

TEST_F(CompareTest, SuitesOfOneRunOnlyAreNamed) {
  a_.suite("s", {}).predictions("s", ten(true)).suite("mine", {}).suite("bare", {});
  b_.suite("s", {}).predictions("s", ten(false)).suite("yours", {}).suite("bare", {});
  const Comparison comparison = compare();
  ASSERT_EQ(comparison.suites.size(), 1u);
  ASSERT_EQ(comparison.left_out.size(), 3u);
  EXPECT_NE(comparison.left_out[0].find("suite mine is in "), std::string::npos);
  EXPECT_NE(comparison.left_out[1].find("suite bare: no "), std::string::npos);
  EXPECT_NE(comparison.left_out[2].find("suite yours is in "), std::string::npos);
}

TEST_F(CompareTest, WhatMakesADifferenceMeanLittleIsSaid) {
  const nlohmann::ordered_json of = {{"weights_sha256", "1"}};
  nlohmann::ordered_json larger = of;
  larger["config"]["suites"]["s"]["preprocess"] = {{"resize", 248}};
  a_.suite("s", {}).predictions("s", ten(true)).provenance(of);
  b_.suite("s", {}).predictions("s", ten(false)).provenance(larger);
  const Comparison comparison = compare();
  ASSERT_EQ(comparison.warnings.size(), 2u);
  EXPECT_NE(comparison.warnings[0].find("evaluate the same weights"), std::string::npos);
  EXPECT_NE(comparison.warnings[1].find("preprocessed differently"), std::string::npos);
}

TEST_F(CompareTest, NothingToCompare) {
  a_.suite("mine", {});
  b_.suite("yours", {});
  EXPECT_NE(refusal().find("no suite of "), std::string::npos);
  b_.suite("mine", {{"kind", "imagenet_c"}});
  a_.suite("mine", {{"kind", "imagenet_c"}, {"generated", true}});
  EXPECT_NE(refusal().find("suite mine is imagenet_c (generated) in "), std::string::npos);
}

// 40 source images under 19 × 5 corruptions; all forms of an image stand or fall together, B right on more images.
std::vector<Line> corrupted(int right_images) {
  std::vector<Line> lines;
  for (int corruption = 10; corruption < 29; ++corruption)
    for (int severity = 1; severity <= 5; ++severity)
      for (int image = 10; image < 50; ++image)
        lines.push_back({"c" + std::to_string(corruption) + "/" + std::to_string(severity) + "/n0/" +
                             std::to_string(image) + ".JPEG",
                         1, image - 10 < right_images ? 1 : 2});
  return lines;
}

TEST_F(CompareTest, ImagenetCResamplesSourceImages) {
  a_.suite("c", {{"kind", "imagenet_c"}}).predictions("c", corrupted(20));
  b_.suite("c", {{"kind", "imagenet_c"}}).predictions("c", corrupted(30));
  const Comparison comparison = compare();
  const SuitePairs& suite = comparison.suites[0];
  EXPECT_EQ(suite.all.n, 40 * 95);
  EXPECT_DOUBLE_EQ(suite.all.difference(), 0.25);
  ASSERT_TRUE(suite.by_source);
  EXPECT_EQ(suite.by_source->n, 40);
  EXPECT_EQ(suite.by_source->b_better, 10);
  EXPECT_NEAR(suite.by_source->p, 2 * std::pow(0.5, 10), 1e-12);
  // Ten of forty images, not 950 of 3800: a standard error of √(0.25·0.75/40), not of √(0.25·0.75/3800).
  EXPECT_NEAR(suite.all.interval95.high - suite.all.interval95.low, 2 * 1.96 * 0.0685, 0.03);

  a_.suite("c", Json::object());  // the plain negative: each form an image of its own
  b_.suite("c", Json::object());
  const Interval rows = compare().suites[0].all.interval95;
  EXPECT_LT(rows.high - rows.low, 0.04);
}

TEST_F(CompareTest, ImagenetCPathsNeedTheirParts) {
  a_.suite("c", {{"kind", "imagenet_c"}}).predictions("c", {{"fog/3", 1, 1}});
  b_.suite("c", {{"kind", "imagenet_c"}}).predictions("c", {{"fog/3", 1, 1}});
  EXPECT_NE(refusal().find("fog/3 is no path of imagenet_c"), std::string::npos);
}

// Class 151 is a dog of ImageNet-9, 171 (Italian greyhound) is none of its nine: wrong whatever the label.
TEST_F(CompareTest, Imagenet9GoesByItsMap) {
  a_.suite("in9", {{"kind", "imagenet9"}})
      .predictions("in9", {{"mixed_same/val/00_dog/1.JPEG", 0, 171}, {"original/val/00_dog/1.JPEG", 0, 151}});
  b_.suite("in9", {{"kind", "imagenet9"}})
      .predictions("in9", {{"mixed_same/val/00_dog/1.JPEG", 0, 152}, {"original/val/00_dog/1.JPEG", 0, 0}});
  const Comparison comparison = compare();
  const auto& variations = comparison.suites[0].variations;
  ASSERT_EQ(variations.size(), 2u);
  EXPECT_EQ(variations[0].first, "mixed_same");
  EXPECT_EQ(variations[0].second.b_only, 1);
  EXPECT_EQ(variations[1].second.a_only, 1);
  EXPECT_EQ(comparison.suites[0].all.a, 0.5);
}

TEST_F(CompareTest, ResultsThatAreNone) {
  const auto refusal_of = [&](const std::string& text) -> std::string {
    std::ofstream(folder_ / "r.json") << text;
    try {
      read_evaluation(folder_ / "r.json");
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal_of("[]").find("r.json: expected an object with \"suites\""), std::string::npos);
  EXPECT_NE(refusal_of("{\"suites\": {\"a\": 1}}").find("suites.a: expected an object"), std::string::npos);
  EXPECT_NE(refusal_of("{\"suites\": {\"a\": {\"n\": 0.5}}}").find("suites.a.n: expected an integer"),
            std::string::npos);
  EXPECT_NE(refusal_of("{\"suites\": ").find("r.json"), std::string::npos);
  EXPECT_THROW(read_evaluation(folder_ / "none"), DataError);
  EXPECT_THROW(read_evaluation(folder_.path()), DataError);
}

// Four images, one of them without background: three have a gap. IoUs count where no threshold was chosen: the second
// and the fourth.
TEST_F(CompareTest, AnalysesAreComparedImageByImage) {
  const Json suite = {{"kind", "imagenet_s"}, {"n_used", 3}};
  a_.suite("ins", suite)
      .analysis("ins",
                "a/1.png,2,2,1.0,1.5,0.9,0.9\r\na/2.png,2,2,1.0,1.25,0.5,0.25\r\n"
                "a/3.png,4,0,1.0,,0.1,0.1\r\nb/4.png,1,3,2.0,1.0,0.25,0.5\r\n");
  b_.suite("ins", suite)
      .analysis("ins",
                "a/1.png,2,2,1.0,0.5,0.1,0.1\r\na/2.png,2,2,1.0,1.5,0.75,0.25\r\n"
                "a/3.png,4,0,1.0,,0.2,0.2\r\nb/4.png,1,3,2.0,1.0,0.5,\r\n");
  const Comparison comparison = compare();
  ASSERT_EQ(comparison.suites.size(), 1u);
  const SuitePairs& pairs = comparison.suites[0];
  EXPECT_EQ(pairs.all.n, 3);
  EXPECT_DOUBLE_EQ(pairs.all.a, 2.0 / 3);
  EXPECT_DOUBLE_EQ(pairs.all.b, 1.0 / 3);
  EXPECT_EQ(pairs.all.a_only, 1);
  EXPECT_EQ(pairs.all.b_only, 0);
  ASSERT_EQ(pairs.means.size(), 3u);
  EXPECT_EQ(pairs.means[0].first, "gap");
  EXPECT_EQ(pairs.means[0].second.n, 3);
  EXPECT_NEAR(pairs.means[0].second.difference(), (-1.0 + 0.25 + 0) / 3, 1e-15);
  EXPECT_EQ(pairs.means[0].second.a_higher, 1);
  EXPECT_EQ(pairs.means[0].second.b_higher, 1);
  EXPECT_EQ(pairs.means[1].first, "iou_magnitude");
  EXPECT_EQ(pairs.means[1].second.n, 2);
  EXPECT_DOUBLE_EQ(pairs.means[1].second.difference(), 0.25);
  EXPECT_EQ(pairs.means[1].second.interval95.low, 0.25);
  EXPECT_EQ(pairs.means[2].second.n, 1);  // one field is empty

  const Json json = Json::parse(comparison_json(comparison)).at("suites").at("ins");
  EXPECT_EQ(json.at("metric"), "share_bg_above_fg");
  EXPECT_EQ(json.at("means").at("gap").at("sign_test").at("p"), 1.0);
  EXPECT_NE(comparison_text(comparison).find("iou_frequency"), std::string::npos);
}

TEST_F(CompareTest, AnalysesUnderOtherMasksAreNotCompared) {
  a_.suite("ins", {{"kind", "imagenet_s"}}).analysis("ins", "a/1.png,2,2,1.0,1.5,0.9,0.9\r\n");
  b_.suite("ins", {{"kind", "imagenet_s"}}).analysis("ins", "a/1.png,3,1,1.0,1.5,0.9,0.9\r\n");
  EXPECT_NE(refusal().find("has 2 foreground and 2 background cells"), std::string::npos);
  b_.analysis("ins", "a/2.png,2,2,1.0,1.5,0.9,0.9\r\n");
  EXPECT_NE(refusal().find("image a/1.png is in"), std::string::npos);
}

}  // namespace
}  // namespace luvit
