#include "luvit/train/agreement.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "../distributed/rank_processes.h"
#include "luvit/core/error.h"
#include "temporary_folder.h"

// Real ranks that were given different things.

namespace luvit {
namespace {

using test::require;

struct Weights : Module {
  Weights() {
    add("pos_embed", positions, {4}, Role::fixed);
    add("first", first, {3});
    add("lora_A", adapter, {2, 3});
    positions = at::arange(4, at::kFloat).sin();
    first = at::ones({3});
    adapter = at::ones({2, 3});
  }
  at::Tensor positions, first, adapter;
};

std::string refusal(Team& team, Module& model) {
  try {
    agree_on_weights(team, model, {});
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

RANKS_DO(read_another_adapter) {
  Team team("test", place, at::kCPU, std::chrono::seconds(60));
  Weights model;
  if (place.rank == 2) model.adapter[1][1] = 1.0000001;
  const std::string line = refusal(team, model);
  for (const char* word : {"lora_A", "on rank 2", "on rank 0"})
    require(line.find(word) != std::string::npos, std::string(word) + " is not in: " + line);
}

TEST(Agreement, WeightsThatDifferOnOneRankAreRefusedByName) {
  EXPECT_TRUE(test::ranks_hold(3, "read_another_adapter"));
}

RANKS_DO(round_positions_differently) {
  Team team("test", place, at::kCPU, std::chrono::seconds(60));
  Weights model;
  if (place.rank == 1) model.positions[2] += 1e-7;
  require(refusal(team, model).empty(), "refused for a last bit");
  const at::Tensor all = team.ranks().gather(model.positions);
  require(all[0].equal(all[1]), "positions are not the leader's");
}

TEST(Agreement, PositionsAreTheLeaders) {
  EXPECT_TRUE(test::ranks_hold(2, "round_positions_differently"));
}

// Bytes that this process has asked the system for.
std::int64_t bytes_read() {
  std::ifstream counts("/proc/self/io");
  std::string name;
  std::int64_t bytes = 0;
  counts >> name >> bytes;
  require(name == "rchar:", name);
  return bytes;
}

RANKS_DO(resume_from_one_disk) {
  RunFolder folder(std::getenv("LUVIT_TEST_FOLDER"), place.rank);
  Team team("test", place, at::kCPU, std::chrono::seconds(60));
  Weights model;
  if (team.leads()) {
    model.first = at::ones({1 << 20});
    const OpenedModel description{.kind = ModelKind::encoder, .options = {}};
    folder.checkpoints().save({.step = 3, .config = "train: {}\n"}, model, description, {}, /*keep=*/1, {});
  }
  team.ranks().wait_for_all();
  const std::int64_t before = bytes_read();
  const auto point = agree_on_resume_point(team, "auto", folder);
  const std::int64_t bytes = bytes_read() - before, file = 4 << 20;
  require(point && point->state.step == 3, "the checkpoint");
  require(team.leads() == (bytes > file), "read " + std::to_string(bytes) + " bytes");
}

TEST(Agreement, TheLeaderAloneReadsTheCheckpointThrough) {
  const TemporaryFolder folder;
  EXPECT_TRUE(test::ranks_hold(3, "resume_from_one_disk", {{"LUVIT_TEST_FOLDER", folder.path().string()}}));
}

}  // namespace
}  // namespace luvit
