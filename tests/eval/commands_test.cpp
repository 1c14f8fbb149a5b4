#include "luvit/eval/commands.h"

#include <gtest/gtest.h>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "made_up_run.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

class CommandsTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string a_, b_;

  void SetUp() override {
    MadeUpRun a(folder_ / "a"), b(folder_ / "b");
    a.suite("s", {{"kind", "imagenet"}, {"top1", 1.0}}).predictions("s", {{"n0/1.JPEG", 1, 1}});
    b.suite("s", {{"kind", "imagenet"}, {"top1", 0.0}}).predictions("s", {{"n0/1.JPEG", 1, 2}});
    a_ = a.write();
    b_ = b.write();
  }
  std::string run(int (*program)(int, char**), std::vector<std::string> words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    testing::internal::CaptureStdout();
    int status = -1;
    try {
      status = program(static_cast<int>(pointers.size()), pointers.data());
    } catch (...) {
      testing::internal::GetCapturedStdout();
      throw;
    }
    EXPECT_EQ(status, 0);
    return testing::internal::GetCapturedStdout();
  }
  nlohmann::json written() { return nlohmann::json::parse(read_file(folder_ / "o.json")); }
  std::string out() { return (folder_ / "o.json").string(); }
};

TEST_F(CommandsTest, Compare) {
  const std::string text =
      run(compare_program, {"compare", a_, b_ + "/results.json", "--out", out(), "--bootstrap", "50"});
  EXPECT_NE(text.find("−100.00"), std::string::npos);
  EXPECT_EQ(written().at("suites").at("s").at("difference"), -1);
  EXPECT_THROW(run(compare_program, {"compare", a_, "--out", out()}), UsageError);
  EXPECT_THROW(run(compare_program, {"compare", a_, b_}), UsageError);
  EXPECT_THROW(run(compare_program, {"compare", a_, b_, "--out", out(), "--bootstrap", "0"}), UsageError);
  EXPECT_THROW(run(compare_program, {"compare", a_, "none", "--out", out()}), DataError);
}

TEST_F(CommandsTest, Seeds) {
  run(seeds_program, {"seeds", a_, b_, "--out", out()});
  EXPECT_EQ(written().at("suites").at("s").at("top1").at("mean"), 0.5);
  const std::string text = run(seeds_program, {"seeds", a_, "--against", b_, "--out", out()});
  EXPECT_NE(text.find("difference"), std::string::npos);
  EXPECT_EQ(written().at("suites").at("s").at("top1").at("welch").at("difference"), -1);
  EXPECT_THROW(run(seeds_program, {"seeds", "--out", out()}), UsageError);
}

TEST_F(CommandsTest, Report) {
  for (const char* name : {"a", "b"}) {
    MadeUpRun(folder_ / name)
        .suite("ins", {{"kind", "imagenet_s"}, {"n", 1}, {"n_used", 1}})
        .analysis("ins", "boat/1.png,1,3,1,2,0.5,0.5\r\n")
        .write();
  }
  const std::string output = (folder_ / "both").string();
  run(report_program, {"report", "plain=" + a_, b_ + "/results.json", "--output", output});
  const std::string html = read_file(folder_ / "both/report.html");
  EXPECT_NE(html.find("plain"), std::string::npos);
  EXPECT_THROW(run(report_program, {"report", "b=" + a_, b_, "--output", output}), UsageError);  // both called b
  EXPECT_THROW(run(report_program, {"report", (folder_ / "none").string(), "--output", output}), DataError);
  EXPECT_THROW(run(report_program, {"report", a_, "--output", b_}), UsageError);  // b's own report
}

TEST_F(CommandsTest, Table) {
  const std::string text = run(table_program, {"table", "3h=" + a_, b_, "--paper", "1"});
  EXPECT_NE(text.find("The paper's Table 1"), std::string::npos);
  const auto json =
      nlohmann::json::parse(run(table_program, {"table", "3h=" + a_, "--paper", "1", "--format", "json"}));
  EXPECT_EQ(json.at("table"), 1);
  EXPECT_THROW(run(table_program, {"table", a_, "--paper", "2"}), UsageError);
  EXPECT_THROW(run(table_program, {"table", a_}), UsageError);
}

}  // namespace
}  // namespace luvit
