#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "small_run.h"

// Two hosts with a cable between them: network namespaces, joined by a veth pair. Needs root and ip (iproute2).

namespace luvit::test {
namespace {

class TwoHosts : public ::testing::Test {
 protected:
  static constexpr const char* ip = "/usr/sbin/ip";

  void SetUp() override {
    if (::geteuid() != 0 || ::access(ip, X_OK) != 0)
      GTEST_SKIP() << "SKIPPED: two hosts on one machine need root and " << ip << " (Debian: iproute2)";
    const std::string a = host(0), b = host(1);
    const bool made =
        does({"netns add " + a, "netns add " + b}) &&
        does({"link add " + a + " type veth peer name " + b, "link set " + a + " netns " + a,
              "link set " + b + " netns " + b}) &&
        does({"-n " + a + " addr add 10.231.0.1/24 dev " + a, "-n " + b + " addr add 10.231.0.2/24 dev " + b,
              "-n " + a + " link set lo up", "-n " + b + " link set lo up"}) &&
        cable("up");
    if (!made) GTEST_SKIP() << "SKIPPED: this machine makes no network namespaces or veth pairs";
  }
  void TearDown() override { does({"netns del " + host(0), "netns del " + host(1)}); }

  static std::string host(int number) { return "lv" + std::to_string(::getpid() % 100000) + (number == 0 ? "a" : "b"); }
  static bool does(const std::vector<std::string>& commands) {
    for (const auto& command : commands)
      if (std::system((std::string(ip) + " " + command + " 2>/dev/null").c_str()) != 0) return false;
    return true;
  }
  static bool cable(const std::string& state) {
    return does({"-n " + host(0) + " link set " + host(0) + " " + state,
                 "-n " + host(1) + " link set " + host(1) + " " + state});
  }
  // Rank 0 is on host 0, rank 1 on host 1; they share the file system.
  std::unique_ptr<Process> start(int rank, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"netns", "exec", host(rank),
                                      (fs::path(LUVIT_BINARY_DIR) / "bin/luvit_pretrain").string()};
    for (const auto& word : run_.words("out", more)) words.push_back(word);
    return std::make_unique<Process>(
        ip, words,
        std::vector<std::string>{"RANK=" + std::to_string(rank), "WORLD_SIZE=2", "LOCAL_RANK=0", "LOCAL_WORLD_SIZE=1",
                                 "MASTER_ADDR=10.231.0.1", "MASTER_PORT=29511"});
  }
  std::int64_t lines_in_metrics() const {
    const fs::path file = run_.at("out") / "metrics.jsonl";
    const std::string text = fs::exists(file) ? file_text(file) : "";
    return std::count(text.begin(), text.end(), '\n');
  }
  SmallRun run_;
};

TEST_F(TwoHosts, TrainLoseTheCableAndGoOn) {
  const std::vector<std::string> more = {"train.steps=100000", "distributed.timeout_s=6"};
  auto first = start(0, more), second = start(1, more);
  ASSERT_TRUE(first->wait_until([&] { return lines_in_metrics() >= 5; })) << first->wait().err;
  ASSERT_TRUE(cable("down"));
  for (Process* process : {first.get(), second.get()}) {
    const Result result = process->wait(std::chrono::seconds(20));
    EXPECT_EQ(result.code, 1) << result.err;
    std::int64_t errors = 0;
    for (std::size_t at = 0; (at = result.err.find(": error: ", at)) != std::string::npos; ++at) ++errors;
    EXPECT_EQ(errors, 1) << result.err;
    EXPECT_NE(result.err.find(process == first.get() ? "rank 1" : "rank 0"), std::string::npos) << result.err;
    EXPECT_TRUE(result.last_error_line().starts_with("hint:")) << result.err;
  }

  ASSERT_TRUE(cable("up"));
  auto again = start(0, {"train.steps=100000", "train.stop_after_steps=200"});
  auto other = start(1, {"train.steps=100000", "train.stop_after_steps=200"});
  const Result result = again->wait();
  EXPECT_EQ(result.code, 75) << result.err;
  EXPECT_NE(result.out.find("resuming from"), std::string::npos) << result.out;
  EXPECT_EQ(other->wait().code, 75);
}

}  // namespace
}  // namespace luvit::test
