#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "process.h"

// luvit_eval's commands over finished evaluations, as a person runs them: exit codes, streams, files.

namespace luvit::test {
namespace {

class EvalCommands : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string out_ = (folder_ / "o.json").string();

  // Two images; `choice` of the second is right where it is 1. A suite of its own beside the common one.
  std::string evaluation(const std::string& name, int choice, const std::string& own_suite) {
    const fs::path folder = folder_ / name;
    fs::create_directories(folder / "predictions");
    const std::string top1 = choice == 1 ? "1.0" : "0.5";
    std::ofstream(folder / "results.json")
        << R"({"suites": {"in1k": {"kind": "imagenet", "top1": )" << top1 << R"(, "n": 2, "interval95": [0.1, 0.9]}, ")"
        << own_suite << R"(": {"top1": 0.5}}, "provenance": {"weights_sha256": ")" << name << R"("}})";
    std::ofstream(folder / "predictions/in1k.csv", std::ios::binary)
        << "path,label,pred1,pred2,pred3,pred4,pred5,confidence\r\n"
        << "n01440764/a.JPEG,0,0,1,2,3,4,0.5\r\nn01443537/b.JPEG,1," << choice << ",0,2,3,4,0.25\r\n";
    return folder.string();
  }
  nlohmann::json written() const { return nlohmann::json::parse(std::ifstream(out_)); }
};

TEST_F(EvalCommands, CompareWritesAndWarns) {
  const std::string a = evaluation("a", 3, "mine"), b = evaluation("b", 1, "yours");
  const Result result = run("luvit_eval", {"compare", a, b + "/results.json", "--out", out_, "--seed", "7"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.err.find("warning: suite mine is in "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("warning: suite yours is in "), std::string::npos) << result.err;
  EXPECT_NE(result.out.find("+50.00"), std::string::npos) << result.out;
  const auto suite = written().at("suites").at("in1k");
  EXPECT_EQ(suite.at("difference"), 0.5);
  EXPECT_EQ(suite.at("mcnemar").at("b_only"), 1);
}

TEST_F(EvalCommands, CompareRefusesOtherImages) {
  const std::string a = evaluation("a", 3, "mine"), b = evaluation("b", 1, "yours");
  std::ofstream(fs::path(b) / "predictions/in1k.csv", std::ios::app) << "n01443537/c.JPEG,1,1,0,2,3,4,0.25\r\n";
  const Result result = run("luvit_eval", {"compare", a, b, "--out", out_});
  EXPECT_EQ(result.code, 3);
  EXPECT_NE(result.err.find("n01443537/c.JPEG"), std::string::npos) << result.err;
  EXPECT_TRUE(result.last_error_line().starts_with("hint: ")) << result.err;
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(EvalCommands, SeedsAndTheOtherGroup) {
  const std::string a = evaluation("a", 3, "mine"), b = evaluation("b", 1, "mine"), c = evaluation("c", 1, "mine");
  const Result result = run("luvit_eval", {"seeds", a, b, "--against", c, "--out", out_});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto metric = written().at("suites").at("in1k").at("top1");
  EXPECT_EQ(metric.at("values"), (nlohmann::json{0.5, 1.0}));
  EXPECT_EQ(metric.at("against").at("n"), 1);
  EXPECT_EQ(metric.at("welch").at("difference"), 0.25);
}

TEST_F(EvalCommands, TableOnStdoutAlone) {
  const std::string a = evaluation("a", 3, "mine");
  const Result result = run("luvit_eval", {"table", "3h=" + a, "--paper", "1", "--format", "json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto table = nlohmann::json::parse(result.out);
  EXPECT_EQ(table.at("rows").at(3).at("ours").at("IN-1K").at("mean"), 0.5);
  EXPECT_EQ(run("luvit_eval", {"table", a, "--paper", "2"}).code, 2);
  EXPECT_EQ(run("luvit_eval", {"table", (folder_ / "none").string(), "--paper", "1"}).code, 3);
}

}  // namespace
}  // namespace luvit::test
