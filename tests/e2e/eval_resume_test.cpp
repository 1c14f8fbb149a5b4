#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "rank_group.h"
#include "small_evaluation.h"

// An evaluation that is cut off goes on by suite and by corruption cell, and ends as if nothing had been.

namespace luvit::test {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* started = "partial/made/glass_blur-1.safetensors";  // the sixth of ten cells: fog is done

// Parts that are done, with when they were written.
std::map<std::string, fs::file_time_type> parts_in(const std::string& output) {
  std::map<std::string, fs::file_time_type> parts;
  for (const auto& entry : fs::recursive_directory_iterator(output + "/partial"))
    if (entry.path().extension() == ".safetensors") parts[entry.path().string()] = fs::last_write_time(entry.path());
  return parts;
}

void wait_for_the_end_of(const std::string& output) {
  for (int i = 0; i < 500 && processes_with(output) > 0; ++i) ::usleep(20000);
  ASSERT_EQ(processes_with(output), 0);
}

class EvalResume : public ::testing::Test {
 protected:
  EvalResume() {
    small_.become_imagenet();
    small_.write_corruptions();
    const Result whole = small_.eval("whole");
    EXPECT_EQ(whole.code, 0) << whole.err;
    EXPECT_NE(whole.out.find("made: imagenet_c (generated), 250 images in 10 parts"), std::string::npos) << whole.out;
    expected_ = small_.found("whole");
  }

  // Goes on in `output`: computes what is not there, leaves what is, and says what an undisturbed evaluation says.
  void expect_to_go_on(const std::string& output, const std::vector<std::string>& more) {
    EXPECT_FALSE(fs::exists(small_.at(output + "/results.json")));
    const auto before = parts_in(small_.at(output));
    EXPECT_GE(before.size(), 6u);
    EXPECT_LT(before.size(), 10u);
    const Result second = small_.eval(output, more);
    ASSERT_EQ(second.code, 0) << second.err;
    EXPECT_NE(second.out.find("made: " + std::to_string(before.size()) + " of 10 parts were done before"),
              std::string::npos)
        << second.out;
    EXPECT_EQ(small_.results(output)["timing"]["images_computed"], 250 - 25 * static_cast<int>(before.size()));
    const auto after = parts_in(small_.at(output));
    for (const auto& [part, time] : before) EXPECT_EQ(after.at(part), time) << part;
    EXPECT_EQ(small_.found(output), expected_);
  }

  void wait_until_half_done(Process& process, const std::string& output) const {
    ASSERT_TRUE(process.wait_until([&] { return fs::exists(small_.at(output + "/" + started)); }));
  }

  SmallEvaluation small_;
  std::string expected_;
};

TEST_F(EvalResume, AfterAKillAndAfterAStopOnAnyNumberOfRanks) {
  struct Start {
    const char *ranks, *then;
    int with;
  };
  for (const Start start : {Start{"1", "2", SIGKILL},
                            {"1", "3", SIGTERM},
                            {"2", "1", SIGKILL},
                            {"2", "3", SIGTERM},
                            {"3", "2", SIGKILL},
                            {"3", "1", SIGTERM}}) {
    SCOPED_TRACE(std::string(start.ranks) + " ranks, then " + start.then + ", signal " + std::to_string(start.with));
    const std::string output = std::string("out-") + start.ranks + "-" + std::to_string(start.with);
    Process first("luvit_eval", small_.words(output, {"--ranks", start.ranks, "batch_size=8"}));
    wait_until_half_done(first, output);
    first.signal(start.with);
    const Result result = first.wait();
    EXPECT_EQ(result.code, start.with == SIGKILL ? -SIGKILL : 75) << result.err;
    if (start.with == SIGTERM) {
      EXPECT_EQ(result.err.find("error"), std::string::npos) << result.err;
      EXPECT_NE(result.out.find("stopped by SIGTERM; run the same command again"), std::string::npos) << result.out;
    }
    wait_for_the_end_of(small_.at(output));
    expect_to_go_on(output, {"--ranks", start.then, "batch_size=3"});
  }
}

TEST_F(EvalResume, AfterTheLossOfARank) {
  Process first("luvit_eval", small_.words("lost", {"--ranks", "3"}));
  wait_until_half_done(first, "lost");
  ASSERT_EQ(::kill(process_of_rank(first.id(), 1), SIGKILL), 0);
  const Result result = first.wait();
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("rank 1"), std::string::npos) << result.err;
  EXPECT_TRUE(result.last_error_line().starts_with("hint: ")) << result.err;
  wait_for_the_end_of(small_.at("lost"));
  expect_to_go_on("lost", {"--ranks", "2"});
}

TEST_F(EvalResume, AfterASignalToOneRank) {
  Process first("luvit_eval", small_.words("one", {"--ranks", "2"}));
  wait_until_half_done(first, "one");
  ASSERT_EQ(::kill(process_of_rank(first.id(), 1), SIGUSR1), 0);
  const Result result = first.wait();
  EXPECT_EQ(result.code, 75) << result.err;
  EXPECT_NE(result.out.find("stopped by a signal to another rank"), std::string::npos) << result.out;
  expect_to_go_on("one", {});
}

TEST_F(EvalResume, WithTheSuiteThatIsNotDone) {
  small_.write_corruptions("  - {name: photos, kind: imagenet, data: " + small_.at("val") + "}\n");
  const Result whole = small_.eval("both");
  ASSERT_EQ(whole.code, 0) << whole.err;
  Process first("luvit_eval", small_.words("cut"));
  wait_until_half_done(first, "cut");
  first.signal(SIGKILL);
  first.wait();
  const Result second = small_.eval("cut");
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_NE(second.out.find("photos: 1 of 1 parts were done before"), std::string::npos) << second.out;
  EXPECT_LT(small_.results("cut")["timing"]["images_computed"], 150);
  EXPECT_EQ(small_.found("cut"), small_.found("both"));
}

TEST_F(EvalResume, ComputesAnewWhatIsBrokenOrOfOtherThings) {
  const auto computed = [&](const std::vector<std::string>& more = {}) {
    const Result result = small_.eval("whole", more);
    EXPECT_EQ(result.code, 0) << result.err;
    return small_.results("whole")["timing"]["images_computed"].get<int>();
  };
  EXPECT_EQ(computed(), 0);
  fs::resize_file(small_.at("whole/partial/made/fog-2.safetensors"), 100);
  std::ofstream(small_.at("whole/partial/made/fog-3.safetensors"), std::ios::app) << "more";
  fs::remove(small_.at("whole/partial/made/fog-4.safetensors"));
  const std::string leftover = small_.at("whole/partial/made/fog-4.safetensors.1.luvit-tmp");
  std::ofstream(leftover) << "half";
  EXPECT_EQ(computed(), 75);
  EXPECT_EQ(small_.found("whole"), expected_);
  EXPECT_FALSE(fs::exists(leftover));
  EXPECT_EQ(computed({"suites.made.seed=1"}), 250);
  // The same images elsewhere may be others: every part hangs on its folder.
  fs::copy(small_.at("val"), small_.at("val2"), fs::copy_options::recursive);
  EXPECT_EQ(computed({"suites.made.data=" + small_.at("val2"), "suites.made.seed=1"}), 250);
  EXPECT_EQ(computed({"precision=bfloat16", "suites.made.data=" + small_.at("val2"), "suites.made.seed=1"}), 250);
  EXPECT_EQ(computed({"suites.made.severities=[2]"}), 50);
}

}  // namespace
}  // namespace luvit::test
