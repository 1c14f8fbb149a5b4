// The environments of other launchers: as they set them, and set by the launchers themselves where they are installed.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "small_run.h"

namespace luvit::test {
namespace {

using Variables = std::vector<std::string>;

bool is_free(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool free = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return free;
}

// Where SLURM's jobs meet: 20000 + the job's id mod 10000.
int free_port_of_a_job() {
  int port = 20000 + ::getpid() % 10000;
  while (!is_free(port)) port = 20000 + (port + 1) % 10000;
  return port;
}

class Launchers : public ::testing::Test {
 protected:
  // Two processes with these variables end well and give the losses of one.
  void expect_two_ranks(const std::function<Variables(const std::string& rank)>& variables) {
    Process first("luvit_pretrain", run_.words("two"), variables("0"));
    Process second("luvit_pretrain", run_.words("two"), variables("1"));
    const Result a = first.wait(), b = second.wait();
    EXPECT_EQ(a.code, 0) << a.err;
    EXPECT_EQ(b.code, 0) << b.err;
    EXPECT_EQ(b.out, "") << "rank 0 speaks for all";
    expect_losses_of_one_rank("two");
  }

  void expect_losses_of_one_rank(const std::string& output) {
    ASSERT_EQ(run_.train("one").code, 0);
    const auto one = step_losses(run_.at("one")), two = step_losses(run_.at(output));
    ASSERT_EQ(two.size(), one.size());
    for (const auto& [step, loss] : one) EXPECT_NEAR(two.at(step), loss, 1e-5 * loss) << "step " << step;
    EXPECT_NE(file_text(run_.at(output) / "env.json").find("\"ranks\": 2"), std::string::npos);
  }

  // The launcher's command, then ours. Skips where the launcher is not installed.
  Result launch(const fs::path& launcher, std::vector<std::string> words, const std::string& output,
                const std::vector<std::string>& more = {}) {
    words.push_back((fs::path(LUVIT_BINARY_DIR) / "bin/luvit_pretrain").string());
    for (const auto& word : run_.words(output, more)) words.push_back(word);
    return test::run(launcher.string(), words);
  }

  SmallRun run_;
};

TEST_F(Launchers, TorchrunsVariables) {
  const std::string port = std::to_string(free_port_of_a_job());
  expect_two_ranks([&](const std::string& rank) -> Variables {
    return {"RANK=" + rank,        "LOCAL_RANK=" + rank,    "WORLD_SIZE=2",      "LOCAL_WORLD_SIZE=2",
            "GROUP_RANK=0",        "GROUP_WORLD_SIZE=1",    "ROLE_RANK=" + rank, "ROLE_WORLD_SIZE=2",
            "MASTER_PORT=" + port, "MASTER_ADDR=127.0.0.1", "OMP_NUM_THREADS=1"};
  });
}

TEST_F(Launchers, SrunsVariables) {
  const std::string job = std::to_string(970000 + free_port_of_a_job() - 20000);
  expect_two_ranks([&](const std::string& rank) -> Variables {
    return {"SLURM_PROCID=" + rank,
            "SLURM_LOCALID=" + rank,
            "SLURM_NTASKS=2",
            "SLURM_STEP_NUM_TASKS=2",
            "SLURM_STEP_NODELIST=localhost",
            "SLURM_JOB_NODELIST=localhost",
            "SLURM_JOB_ID=" + job,
            "SLURM_NODEID=0",
            "SLURM_JOB_NUM_NODES=1"};
  });
}

TEST_F(Launchers, OpenmpisVariables) {
  const std::string job = "prterun-" + std::to_string(::getpid());
  expect_two_ranks([&](const std::string& rank) -> Variables {
    return {"OMPI_COMM_WORLD_RANK=" + rank, "OMPI_COMM_WORLD_LOCAL_RANK=" + rank, "OMPI_COMM_WORLD_SIZE=2",
            "OMPI_COMM_WORLD_LOCAL_SIZE=2", "PMIX_NAMESPACE=" + job};
  });
}

TEST_F(Launchers, MpirunItself) {
  const fs::path mpirun = "/usr/bin/mpirun";
  if (!fs::exists(mpirun)) GTEST_SKIP() << "no " << mpirun << " (Debian's openmpi-bin): not tried with a real one";
  const std::vector<std::string> options = {"--allow-run-as-root", "--oversubscribe", "-np", "2"};
  const Result whole = launch(mpirun, options, "two");
  ASSERT_EQ(whole.code, 0) << whole.err;
  expect_losses_of_one_rank("two");
  EXPECT_NE(launch(mpirun, options, "parts", {"train.stop_after_steps=5"}).code, 0);
  EXPECT_TRUE(fs::exists(run_.at("parts") / "checkpoints/step-00000005"));
  ASSERT_EQ(launch(mpirun, options, "parts").code, 0);
  EXPECT_EQ(hash_of(run_.at("parts") / "model.safetensors"), hash_of(run_.at("two") / "model.safetensors"));
}

TEST_F(Launchers, TorchrunItself) {
  const fs::path torchrun = fs::path(LUVIT_SOURCE_DIR) / ".venv/bin/torchrun";
  if (!fs::exists(torchrun)) GTEST_SKIP() << "no " << torchrun << ": not tried with a real one";
  const Result whole = launch(torchrun, {"--no-python", "--standalone", "--nproc-per-node", "2"}, "two");
  ASSERT_EQ(whole.code, 0) << whole.err;
  expect_losses_of_one_rank("two");
}

}  // namespace
}  // namespace luvit::test
