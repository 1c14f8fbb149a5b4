#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "luvit/core/random.h"
#include "rank_group.h"

// What happens to one rank, all ranks know of.

namespace luvit::test {
namespace {

const std::vector<std::string> long_run = {"train.steps=100000", "distributed.timeout_s=20"};

std::int64_t lines_in(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

class RankFaults : public ::testing::Test {
 protected:
  std::vector<std::string> two(std::vector<std::string> more) const {
    more.insert(more.begin(), {"--ranks", "2"});
    return run_.words("out", more);
  }
  bool some_steps_done() const { return lines_in(metrics()) >= 3; }
  std::string metrics() const {
    const fs::path file = run_.at("out") / "metrics.jsonl";
    return fs::exists(file) ? file_text(file) : "";
  }
  void expect_nothing_left() const {
    for (int i = 0; i < 200 && processes_with(run_.at("out").string()) > 0; ++i) ::usleep(20000);
    EXPECT_EQ(processes_with(run_.at("out").string()), 0);
  }
  SmallRun run_;
};

TEST_F(RankFaults, ASignalToOneRankStopsAllAtTheSameStep) {
  Process process("luvit_pretrain", two(long_run));
  ASSERT_TRUE(process.wait_until([&] { return some_steps_done(); }));
  ASSERT_EQ(::kill(process_of_rank(process.id(), 1), SIGUSR1), 0);
  const Result result = process.wait();
  EXPECT_EQ(result.code, 75) << result.err;
  const auto at = result.out.find("stopped by a signal to another rank after step ");
  ASSERT_NE(at, std::string::npos) << result.out;
  const std::string step = result.out.substr(result.out.find("after step", at), 20);
  const std::string other = file_text(run_.at("out") / "train.rank-1.log");
  EXPECT_NE(other.find("stopped by SIGUSR1 " + step.substr(0, step.find(':') + 1)), std::string::npos) << other;
  EXPECT_EQ(result.err, "");
  expect_nothing_left();
}

TEST_F(RankFaults, ASignalToTheLauncherStopsAll) {
  Process process("luvit_pretrain", two(long_run));
  ASSERT_TRUE(process.wait_until([&] { return some_steps_done(); }));
  process.signal(SIGTERM);
  const Result result = process.wait();
  EXPECT_EQ(result.code, 75) << result.err;
  expect_nothing_left();
}

TEST_F(RankFaults, AKilledRankEndsTheOtherWithOneLine) {
  RankGroup ranks(2);
  for (int i = 0; i < 2; ++i) ranks.start(run_.words("out", long_run));
  ASSERT_TRUE(ranks.rank(0).wait_until([&] { return some_steps_done(); }));
  ranks.rank(1).signal(SIGKILL);
  const auto results = ranks.wait(std::chrono::seconds(25));
  EXPECT_EQ(results[0].code, 1);
  EXPECT_EQ(lines_in(results[0].err), 2) << "a line and a hint: " << results[0].err;
  EXPECT_NE(results[0].err.find("rank 1"), std::string::npos) << results[0].err;
  EXPECT_TRUE(results[0].last_error_line().starts_with("hint:")) << results[0].err;
  const Result resumed = run("luvit_pretrain", two({"train.steps=100000", "train.stop_after_steps=20"}));
  EXPECT_EQ(resumed.code, 75) << resumed.err;
}

TEST_F(RankFaults, DifferentConfigsAreRefusedWithTheRankAndBothValues) {
  RankGroup ranks(2);
  ranks.start(run_.words("out", {"optim.lr=0.003"}));
  ranks.start(run_.words("out", {"optim.lr=0.004"}));
  const auto results = ranks.wait();
  for (const Result& result : results) EXPECT_EQ(result.code, 2) << result.err;
  for (const char* word : {"optim.lr", "0.004 on rank 1", "0.003 on rank 0"})
    EXPECT_NE(results[0].err.find(word), std::string::npos) << word << " in " << results[0].err;
  EXPECT_EQ(results[1].err, "") << "rank 0 has told it";
  EXPECT_FALSE(fs::exists(run_.at("out") / "metrics.jsonl"));
}

TEST_F(RankFaults, OtherDataOnOneRankIsRefused) {
  for (const char* machine : {"a", "b"}) {  // each sees another folder under the same path
    fs::create_directories(run_.at(machine));
    fs::copy(run_.data(), run_.at(machine) / "data", fs::copy_options::recursive);
  }
  fs::rename(run_.at("b") / "data/class0/1000.png", run_.at("b") / "data/class0/0999.png");
  RankGroup ranks(2);
  for (const char* machine : {"a", "b"}) ranks.start(run_.words("out", {"data.train=data"}), run_.at(machine));
  const auto results = ranks.wait();
  for (const Result& result : results) EXPECT_EQ(result.code, 2) << result.err;
  for (const char* word : {"data.train", "rank 1", "rank 0"})
    EXPECT_NE(results[0].err.find(word), std::string::npos) << word << " in " << results[0].err;
}

TEST_F(RankFaults, WhatOneRankCannotReadEndsAll) {
  fs::create_directories(run_.at("empty"));
  fs::create_directories(run_.at("a"));
  fs::copy(run_.data(), run_.at("a") / "data", fs::copy_options::recursive);
  RankGroup ranks(2);
  ranks.start(run_.words("out", {"data.train=data"}), run_.at("a"));
  ranks.start(run_.words("out", {"data.train=data"}), run_.at("empty"));
  const auto results = ranks.wait();
  for (const Result& result : results) EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_EQ(results[0].err, "");
  EXPECT_NE(results[1].err.find("luvit_pretrain, rank 1: error: "), std::string::npos) << results[1].err;
}

TEST_F(RankFaults, AFolderInUseIsRefusedOnce) {
  Process first("luvit_pretrain", run_.words("out", long_run));
  ASSERT_TRUE(first.wait_until([&] { return some_steps_done(); }));
  const Result second = run("luvit_pretrain", two({}));
  EXPECT_EQ(second.code, 2);
  EXPECT_EQ(lines_in(second.err), 2) << second.err;
}

TEST_F(RankFaults, ABatchThatDoesNotDivideIsRefusedOnce) {
  const Result result = run_.train("out", {"--ranks", "3"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("train.batch_size"), std::string::npos) << result.err;
  EXPECT_EQ(lines_in(result.err), 2) << result.err;
}

TEST_F(RankFaults, UnreadableFilesOfAllRanksAreListedOnceAndCountedTogether) {
  for (int i = 0; i < 4; ++i)
    std::ofstream(run_.data() / ("class" + std::to_string(i)) / "bad.jpg") << "no image " << i;
  const Result result = run("luvit_pretrain", two({"data.max_bad=4", "train.steps=17"}));  // more than two epochs
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(lines_in(file_text(run_.at("out") / "bad_files.jsonl")), 4);
  ASSERT_EQ(run_.train("alone", {"data.max_bad=4", "train.steps=17"}).code, 0);
  const auto losses = step_losses(run_.at("out")), alone = step_losses(run_.at("alone"));
  for (const auto& [step, loss] : alone) EXPECT_NEAR(losses.at(step), loss, 1e-5 * loss);

  const Result refused = run_.train("few", {"--ranks", "2", "data.max_bad=3", "train.steps=17"});
  EXPECT_EQ(refused.code, 3) << refused.err;
  EXPECT_EQ(lines_in(refused.err), 2) << refused.err;
  EXPECT_NE(refused.err.find("max_bad = 3"), std::string::npos) << refused.err;
  EXPECT_EQ(lines_in(file_text(run_.at("few") / "bad_files.jsonl")), 4);
}

TEST_F(RankFaults, ALossThatIsNotFiniteEndsAllRanks) {
  const Result result = run("luvit_pretrain", two({"optim.lr=1e30"}));
  EXPECT_EQ(result.code, 1) << result.err;
  EXPECT_NE(result.err.find("step "), std::string::npos) << result.err;
  EXPECT_EQ(lines_in(result.err), 2) << result.err;
  EXPECT_TRUE(fs::exists(run_.at("out") / "nonfinite"));
  EXPECT_FALSE(fs::exists(run_.at("out") / "model.safetensors"));
  expect_nothing_left();
}

// LUVIT_KILLS makes it longer: tests/soak/kill_ranks.sh.
TEST_F(RankFaults, KillsOfRandomRanksEndInTheSameBytes) {
  const char* wanted = std::getenv("LUVIT_KILLS");
  const int kills = wanted ? std::atoi(wanted) : 20;
  const std::vector<std::string> more = {"checkpoint.every_steps=1", "train.steps=" + std::to_string(16 * kills),
                                         "distributed.timeout_s=20"};
  ASSERT_EQ(run_.train("whole", {"--ranks", "2", more[0], more[1], more[2]}).code, 0);
  Random random(12, "ranks", Purpose::synthetic);
  for (int killed = 0; killed < kills;) {
    Process process("luvit_pretrain", two(more));
    const auto target = lines_in(metrics()) + static_cast<std::int64_t>(random.below(8)) + 1;
    const auto delay = static_cast<useconds_t>(random.below(20000));
    const int rank = static_cast<int>(random.below(2));
    const bool reached = process.wait_until([&] { return lines_in(metrics()) >= target; });
    ::usleep(delay);
    const pid_t victim = reached ? process_of_rank(process.id(), rank) : -1;
    if (victim > 0 && ::kill(victim, SIGKILL) == 0) ++killed;
    const Result result = process.wait();
    ASSERT_EQ(result.code, 1) << "kill " << killed << " of " << kills << ": " << result.err;
    expect_nothing_left();
  }
  ASSERT_EQ(run("luvit_pretrain", two(more)).code, 0);
  EXPECT_EQ(hash_of(run_.at("out") / "model.safetensors"), hash_of(run_.at("whole") / "model.safetensors"));
  for (const auto& entry : fs::recursive_directory_iterator(run_.at("out")))
    EXPECT_FALSE(entry.path().string().ends_with(".luvit-tmp")) << entry.path();
}

}  // namespace
}  // namespace luvit::test
