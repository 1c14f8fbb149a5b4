#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

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

TEST_F(RankFaults, AnotherAdapterOnOneRankIsRefused) {
  for (const auto& [machine, seed] : {std::pair{"a", 1}, std::pair{"b", 2}}) {
    fs::create_directories(run_.at(machine));
    write_adapter(run_.at(machine) / "adapter.safetensors", static_cast<std::uint64_t>(seed));
  }
  RankGroup ranks(2);
  for (const char* machine : {"a", "b"})
    ranks.start(run_.words("out", {"model.fusion.lora.weights=adapter.safetensors"}), run_.at(machine));
  const auto results = ranks.wait();
  for (const Result& result : results) EXPECT_EQ(result.code, 2) << result.err;
  for (const char* word : {"q_proj.lora_A.weight", "on rank 1", "on rank 0", "fusion.lora.weights"})
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

using Clock = std::chrono::steady_clock;

// Picks the moments at which ranks are killed: three of four in training, a few steps after it goes on; the fourth at
// any time from the processes' start until then, while they meet, load and resume.
class Killer {
 public:
  explicit Killer(std::function<std::int64_t()> lines) : lines_(std::move(lines)) {}

  // One kill of a rank of `process`, which has just been started; false where it ended first.
  bool kill_one(Process& process) {
    const auto begin = Clock::now();
    const std::int64_t before = lines_();
    const int rank = static_cast<int>(random_.below(2));
    const bool at_start = kills_ % 4 == 3;
    const auto last_step = before + static_cast<std::int64_t>(random_.below(8)) + 1;
    if (!at_start) {
      if (process.wait_until([&] { return lines_() > before; })) start_takes_ = Clock::now() - begin;
      process.wait_until([&] { return lines_() >= last_step; });
    }
    const auto longest = at_start ? start_takes_ : std::chrono::milliseconds(20);
    std::this_thread::sleep_for(longest * random_.uniform(0.0, 1.0));
    pid_t victim = -1;
    process.wait_until([&] { return (victim = process_of_rank(process.id(), rank)) > 0; });
    if (victim <= 0 || ::kill(victim, SIGKILL) != 0) return false;
    ++kills_;
    before_first_step_ += lines_() == before;
    return true;
  }

  int kills() const { return kills_; }
  int before_first_step() const { return before_first_step_; }  // since the processes' start

 private:
  std::function<std::int64_t()> lines_;  // one for each step done
  Random random_{12, "ranks", Purpose::synthetic};
  int kills_ = 0, before_first_step_ = 0;
  Clock::duration start_takes_ = std::chrono::milliseconds(500);
};

// LUVIT_KILLS makes it longer: tests/soak/kill_ranks.sh.
TEST_F(RankFaults, KillsOfRandomRanksEndInTheSameBytes) {
  const char* wanted = std::getenv("LUVIT_KILLS");
  const int kills = wanted ? std::atoi(wanted) : 20;
  const std::vector<std::string> more = {"checkpoint.every_steps=1", "train.steps=" + std::to_string(16 * kills),
                                         "distributed.timeout_s=20"};
  ASSERT_EQ(run_.train("whole", {"--ranks", "2", more[0], more[1], more[2]}).code, 0);
  Killer killer([&] { return lines_in(metrics()); });
  while (killer.kills() < kills) {
    Process process("luvit_pretrain", two(more));
    ASSERT_TRUE(killer.kill_one(process)) << "the run was over after " << killer.kills() << " kills of " << kills;
    const Result result = process.wait();
    ASSERT_EQ(result.code, 1) << "kill " << killer.kills() << " of " << kills << ": " << result.err;
    expect_nothing_left();
  }
  EXPECT_GE(killer.before_first_step(), kills / 10) << "kills while ranks meet, load and resume";
  ASSERT_EQ(run("luvit_pretrain", two(more)).code, 0);
  EXPECT_EQ(hash_of(run_.at("out") / "model.safetensors"), hash_of(run_.at("whole") / "model.safetensors"));
  for (const auto& entry : fs::recursive_directory_iterator(run_.at("out")))
    EXPECT_FALSE(entry.path().string().ends_with(".luvit-tmp")) << entry.path();
}

}  // namespace
}  // namespace luvit::test
