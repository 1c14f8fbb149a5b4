#include "luvit/distributed/local_launch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "luvit/core/signals.h"
#include "luvit/distributed/ranks.h"
#include "luvit/distributed/watch.h"
#include "rank_processes.h"

namespace luvit::test {

namespace {

std::string variable(const std::string& name) {
  return process_environment()(name).value_or("");
}

// Meets the others, then ends as ENDS says, a word a rank: an exit code, "killed", "sleep", or "stop": wait for a
// signal.
void be_a_rank(const Place& place) {
  install_stop_signals();
  const auto ranks = join_ranks(place, {.timeout = std::chrono::seconds(60)});
  std::cout << "rank " << place.rank << " of " << ranks->gather_text("me").size() << std::endl;
  std::istringstream words(variable("ENDS"));
  std::string word;
  for (std::int64_t rank = 0; rank <= place.rank; ++rank) words >> word;
  if (word == "killed") raise(SIGKILL);
  if (const std::string folder = variable("READY"); !folder.empty())
    std::ofstream(folder + "/" + std::to_string(place.rank)) << getpid();
  while (word == "sleep" || (word == "stop" && !stop_requested()))
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  _exit(word == "stop" ? 75 : std::stoi(word));
}

RANKS_DO(local_launch) {
  if (place.launcher == "--ranks") be_a_rank(place);
  char name[] = "distributed_tests";
  char* arguments[] = {name, nullptr};
  _exit(run_local_ranks(std::stoi(variable("COUNT")), arguments));
}

Ended launched(int count, const std::string& ends) {
  return wait_for(start_alone("local_launch", {{"COUNT", std::to_string(count)}, {"ENDS", ends}}));
}

// Throws when it takes longer than a loaded machine could need.
template <typename Condition>
void wait_until(const std::string& what, Condition holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (!holds()) {
    require(std::chrono::steady_clock::now() < end, "it has not come to pass that " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// While it lives, orphans of ours become our children.
struct Subreaper {
  Subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~Subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 0); }
};

// A launcher with two ranks that wait, both started.
struct Waiting {
  explicit Waiting(const std::string& ends) {
    folder = (std::filesystem::temp_directory_path() / ("luvit-launch-" + std::to_string(getpid()))).string();
    std::filesystem::create_directory(folder);
    launcher = start_alone("local_launch", {{"COUNT", "2"}, {"ENDS", ends}, {"READY", folder}});
    wait_until("both ranks are up",
               [this] { return std::filesystem::exists(folder + "/0") && std::filesystem::exists(folder + "/1"); });
  }
  ~Waiting() { std::filesystem::remove_all(folder); }
  std::string folder;
  Process launcher;
};

}  // namespace

TEST(LocalLaunch, RanksMeetAndRankZeroKeepsTheTerminal) {
  const Ended ended = launched(3, "0 0 0");
  EXPECT_EQ(ended.exit, 0) << ended.errors;
  EXPECT_EQ(ended.output, "rank 0 of 3\n");
  EXPECT_EQ(ended.errors, "");
}

TEST(LocalLaunch, TheFirstFailureDecidesAndTheOthersAreEnded) {
  EXPECT_EQ(launched(3, "sleep 3 sleep").exit, 3);
  const Ended killed = launched(2, "sleep killed");
  EXPECT_EQ(killed.exit, 1);
  EXPECT_NE(killed.errors.find("rank 1"), std::string::npos) << killed.errors;
  EXPECT_NE(killed.errors.find("signal 9"), std::string::npos) << killed.errors;
  EXPECT_NE(killed.errors.find("hint: "), std::string::npos) << killed.errors;  // none of them could say anything
}

TEST(LocalLaunch, SignalsArePassedOn) {
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
    const Waiting waiting("stop stop");
    kill(waiting.launcher.id, signal);
    const Ended ended = wait_for(waiting.launcher);
    EXPECT_EQ(ended.exit, 75) << ended.errors;
  }
}

TEST(LocalLaunch, RanksDoNotOutliveTheLauncher) {
  const Subreaper subreaper;
  const Waiting waiting("sleep sleep");
  kill(waiting.launcher.id, SIGKILL);
  wait_for(waiting.launcher);
  for (int orphan = 0; orphan < 2; ++orphan) {
    int status = 0;
    wait_until("the orphans have ended", [&] { return waitpid(-1, &status, WNOHANG) != 0; });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }
}

TEST(LocalLaunch, NotInsideAnotherLaunch) {
  const auto processes = start_ranks(2, "local_launch", {{"COUNT", "2"}});
  for (const Process& process : processes) {
    const Ended ended = wait_for(process);
    EXPECT_NE(ended.errors.find("torchrun"), std::string::npos) << ended.errors;
  }
}

}  // namespace luvit::test
