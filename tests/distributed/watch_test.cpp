#include "luvit/distributed/watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <iostream>
#include <thread>

#include "luvit/core/error.h"
#include "rank_processes.h"

namespace luvit::test {

namespace {

using std::chrono::milliseconds;

std::string variable(const std::string& name) {
  return process_environment()(name).value_or("");
}

void misfortune(const std::string& what, Watch& watch) {
  if (what == "killed") raise(SIGKILL);
  if (what == "stopped") raise(SIGSTOP);
  if (what == "hung") std::this_thread::sleep_for(std::chrono::seconds(60));
  if (what == "failing") {
    watch.failing("disk full");
    _exit(1);
  }
  if (what == "thrown") throw std::runtime_error("thrown");
}

// Trains, as far as the watch can see, until the end or until a rank is lost. To rank UNLUCKY happens WHAT.
RANKS_DO(watched) {
  std::atomic<bool> waits = false;
  const std::string what = variable("WHAT");
  const bool unlucky = std::to_string(place.rank) == variable("UNLUCKY");
  // Where nobody may be called slow, the machine must be allowed to be.
  const std::chrono::seconds timeout(what.empty() || what == "waiting" ? 20 : 2);
  const auto watch = watch_ranks(place, timeout,
                                 {.on_slow = [](const std::string& line) { std::cerr << line << std::endl; },
                                  .on_lost =
                                      [](const Watch::Loss& loss) {
                                        std::cerr << loss.line << std::endl;
                                        _exit(1);
                                      },
                                  .waiting = [&waits] { return waits.load(); }});
  const int steps = what.empty() ? 10 + 20 * static_cast<int>(place.rank) : 500;
  for (int step = 0; step < steps; ++step) {
    watch->alive();
    std::this_thread::sleep_for(milliseconds(20));
    if (step != 10 || !(unlucky || what == "stuck")) continue;
    if (what == "waiting" || what == "stuck") {
      waits = true;
      std::this_thread::sleep_for(std::chrono::seconds(what == "stuck" ? 60 : 7));  // slow is from 5 s on
      return;
    }
    misfortune(what, *watch);
  }
}

// The survivors of three ranks: each ends with 1 and one last line that names the unlucky one.
std::vector<Ended> survivors(const std::string& what, std::size_t unlucky) {
  const auto processes = start_ranks(3, "watched", {{"WHAT", what}, {"UNLUCKY", std::to_string(unlucky)}});
  std::vector<Ended> ended;
  for (std::size_t rank = 0; rank < 3; ++rank)
    if (rank != unlucky) ended.push_back(wait_for(processes[rank]));
  kill(processes[unlucky].id, SIGKILL);
  wait_for(processes[unlucky]);
  for (const Ended& each : ended) {
    EXPECT_EQ(each.exit, 1) << each.errors;
    EXPECT_NE(each.errors.find("rank " + std::to_string(unlucky) + " on "), std::string::npos) << each.errors;
  }
  return ended;
}

}  // namespace

TEST(Watch, RanksThatEndInTheirTimeAreNotMissed) {
  EXPECT_TRUE(ranks_hold(4, "watched"));
}

TEST(Watch, AKilledRankIsLostAtOnceAndNamedByAll) {
  for (const std::size_t unlucky : {0, 2})
    for (const Ended& ended : survivors("killed", unlucky))
      EXPECT_NE(ended.errors.find("its connection broke"), std::string::npos) << ended.errors;
}

TEST(Watch, AStoppedRankIsSlowThenLost) {
  for (const std::size_t unlucky : {0, 1}) {
    const Ended first = survivors("stopped", unlucky).front();
    const std::size_t slow = first.errors.find(" is slow"), lost = first.errors.find(" is lost: nothing heard");
    EXPECT_NE(lost, std::string::npos) << first.errors;
    EXPECT_LT(slow, lost) << first.errors;
  }
}

TEST(Watch, AHungRankIsLostThoughItsProcessLives) {
  for (const std::size_t unlucky : {0, 1})
    EXPECT_NE(survivors("hung", unlucky).front().errors.find("has not gone forward"), std::string::npos);
}

TEST(Watch, ARankThatWaitsForOthersIsNotHung) {
  const auto processes = start_ranks(2, "watched", {{"WHAT", "waiting"}, {"UNLUCKY", "1"}});
  for (const Process& process : processes) {
    const Ended ended = wait_for(process);
    EXPECT_EQ(ended.exit, 0) << ended.errors;
    EXPECT_EQ(ended.errors, "");
  }
}

TEST(Watch, WhereAllWaitForEachOtherTheRunEnds) {
  for (const Process& process : start_ranks(3, "watched", {{"WHAT", "stuck"}})) {
    const Ended ended = wait_for(process);
    EXPECT_EQ(ended.exit, 1);
    EXPECT_TRUE(ended.errors.starts_with("all ranks have been waiting for each other for 2.")) << ended.errors;
  }
}

TEST(Watch, AnErrorIsToldToTheOthers) {
  for (const std::size_t unlucky : {0, 1})
    for (const Ended& ended : survivors("failing", unlucky))
      EXPECT_NE(ended.errors.find(": disk full"), std::string::npos) << ended.errors;
  survivors("thrown", 1);
}

}  // namespace luvit::test
