#include "luvit/distributed/team.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "../distributed/rank_processes.h"
#include "fake_task.h"
#include "luvit/core/error.h"
#include "luvit/train/shared_optimizer.h"
#include "temporary_folder.h"

// What happens on some ranks alone, and how all come to know of it: with real processes.

namespace luvit {
namespace {

using test::require;
using At = FakeTask::At;

constexpr std::chrono::seconds patience{60};

template <typename Expected, typename Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Expected& error) {
    return error.what();
  }
  throw std::runtime_error("no error of the kind expected");
}

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

RANKS_DO(one_of_them_fails) {
  Team team("test", place, at::kCPU, patience);
  team.together([] {});
  int called = 0;
  const std::string line = error_of<Error>([&] {
    team.together([&] {
      ++called;
      if (place.rank == 1) throw DataError("no such file");
    });
  });
  require(called == 1, "called once");
  require(line == (place.rank == 1 ? "no such file" : "rank 1: no such file"), line);
}

TEST(Team, WhereOneFailsAllDoWithItsLine) {
  EXPECT_TRUE(test::ranks_hold(3, "one_of_them_fails"));
}

RANKS_DO(one_of_them_differs) {
  Team team("test", place, at::kCPU, patience);
  team.require_same("the colour", "blue");
  require(team.from_leader(std::to_string(place.rank)) == "0", "the leader's text");
  const std::string line =
      error_of<UsageError>([&] { team.require_same("the colour", place.rank == 2 ? "red" : "blue"); });
  require(line == "the colour: red on rank 2, blue on rank 0", line);
}

TEST(Team, ADifferenceIsToldWithTheRankAndBothValues) {
  EXPECT_TRUE(test::ranks_hold(3, "one_of_them_differs"));
}

// Rank 0 does something for longer than the timeout; the other waits for it.
void be_busy(const Place& place, bool with_signs) {
  Team team("test", place, at::kCPU, std::chrono::seconds(4));
  team.alive();
  if (team.leads()) {
    const auto signs = with_signs ? std::make_unique<SignsOfLife>(team) : nullptr;
    std::this_thread::sleep_for(std::chrono::seconds(6));
  }
  team.ranks().wait_for_all();
}

RANKS_DO(one_is_busy) {
  be_busy(place, true);
}
RANKS_DO(one_is_silent) {
  be_busy(place, false);
}

TEST(Team, ABusyRankIsNeitherSlowNorLost) {
  EXPECT_TRUE(test::ranks_hold(2, "one_is_busy"));
}

TEST(Team, ASilentOneIs) {
  const auto processes = test::start_ranks(2, "one_is_silent");
  for (const test::Process& process : processes) {
    const test::Ended ended = test::wait_for(process);
    EXPECT_EQ(ended.exit, 1);
    EXPECT_TRUE(says(ended.errors, "rank 0") && says(ended.errors, "is lost")) << ended.errors;
  }
}

// Trains to its end with a loss or gradient that is not finite on rank 1 alone, in step 3.
std::string train_until_it_fails(const Place& place, At bad) {
  Team team("test", place, at::kCPU, patience);
  RunFolder folder(std::getenv("LUVIT_TEST_FOLDER"), place.rank);
  team.ranks().wait_for_all();
  folder.open("train: {}\n", {});
  BadFiles bad_files(team, folder, /*max_bad=*/0);
  FakeTask task([&](std::int64_t step) { return step == 3 && place.rank == 1 ? bad : At::nothing; });
  OptimOptions optim;
  optim.warmup_epochs = 0;
  SharedOptimizer optimizer(team.ranks(), parameter_groups(task.model_, optim, Stage::pretraining, 1), optim, false);
  LossScale scale(/*enabled=*/false);
  LoopOptions options{.last_step = 6, .steps_per_epoch = 4, .micro_batch = 2, .batch_size = 6, .peak_lr = 0.1};
  options.optim = optim;
  Loop loop({team, task, optimizer, scale, folder, bad_files}, options, [](std::int64_t) {});
  const std::string line = error_of<RunError>([&] { loop.run(); });
  // The weights are those of step 2: as a run of two steps alone leaves them.
  FakeTask other([](std::int64_t) { return At::nothing; });
  AdamW alone(parameter_groups(other.model_, optim, Stage::pretraining, 1), optim);
  for (int step = 1; step <= 2; ++step) {
    alone.release_grad();
    other.loss({{}, 2, step}, 0, 2).backward();
    alone.step(learning_rate(optim, 0.1, (step - 1) / 4.0, 6 / 4.0));
  }
  require(task.model_.weight.allclose(other.model_.weight, 1e-5), "the weights are not those before the step");
  const fs::path dump = folder.path() / "nonfinite" / ("step-000003-rank-" + std::to_string(place.rank) + ".json");
  require(fs::exists(dump) == (place.rank == 1), "who dumped its batch");
  return line;
}

RANKS_DO(a_bad_loss_on_rank_1) {
  const std::string line = train_until_it_fails(place, At::loss);
  require(says(line, "step 3, rank 1: the loss is not finite"), line);
}

RANKS_DO(a_bad_gradient_on_rank_1) {
  const std::string line = train_until_it_fails(place, At::gradient);
  require(says(line, "step 3, rank 1: the gradient is not finite"), line);
}

class BadNumbers : public ::testing::TestWithParam<const char*> {};

TEST_P(BadNumbers, OfOneRankEndAllBeforeTheUpdate) {
  const TemporaryFolder folder;
  for (const test::Process& process :
       test::start_ranks(3, GetParam(), {{"LUVIT_TEST_FOLDER", folder.path().string()}})) {
    const test::Ended ended = test::wait_for(process);
    EXPECT_EQ(ended.exit, 0) << ended.errors;
  }
  EXPECT_TRUE(fs::exists(folder / "nonfinite/step-000003-rank-1.safetensors"));
}

INSTANTIATE_TEST_SUITE_P(Team, BadNumbers, ::testing::Values("a_bad_loss_on_rank_1", "a_bad_gradient_on_rank_1"));

}  // namespace
}  // namespace luvit
