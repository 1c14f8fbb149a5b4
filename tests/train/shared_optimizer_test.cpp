#include "luvit/train/shared_optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "../distributed/rank_processes.h"

// AdamW in shares over real ranks, against one that each rank keeps whole.

namespace luvit {
namespace {

using test::require;

struct Uneven : Module {
  Uneven() {
    add("matrix", matrix, {37, 11});
    add("vector", vector, {5});
    add("large", large, {40, 40});
    for (const auto& named : named_tensors()) {
      *named.tensor = at::arange(named.tensor->numel(), at::kFloat).sin().reshape(named.tensor->sizes()).contiguous();
      named.tensor->set_requires_grad(true);
    }
  }
  std::vector<ParameterGroup> groups() {
    const auto all = trained_tensors();
    return {{.weight_decay = 0.05, .parameters = {all[0], all[2]}}, {.weight_decay = 0, .parameters = {all[1]}}};
  }
  at::Tensor matrix, vector, large;
};

void train(Uneven& model, SharedOptimizer& optimizer, int steps) {
  for (int step = 0; step < steps; ++step) {
    for (const auto& named : model.trained_tensors())
      named.tensor->mutable_grad() =
          at::arange(named.tensor->numel(), at::kFloat).mul(0.1 + step).cos().view(named.tensor->sizes());
    optimizer.step(0.01, at::zeros({}));
  }
}

RANKS_DO(keep_and_join_shares) {
  const auto ranks = join_ranks(place, {.timeout = std::chrono::seconds(60)});
  Uneven whole, shared;
  SharedOptimizer one(*ranks, whole.groups(), OptimOptions{}, /*in_shares=*/false);
  SharedOptimizer shares(*ranks, shared.groups(), OptimOptions{}, /*in_shares=*/true);
  train(whole, one, 5);
  train(shared, shares, 5);
  for (std::size_t i = 0; i < whole.named_tensors().size(); ++i)
    require(whole.named_tensors()[i].tensor->equal(*shared.named_tensors()[i].tensor), "other weights");

  const auto expected = one.state(), joined = shares.state();
  if (place.rank != 0) return require(joined.empty() && expected.empty(), "kept what rank 0 alone saves");
  require(joined.size() == 9 && expected.size() == 9, "two moments and a count for each parameter");
  for (std::size_t i = 0; i < joined.size(); ++i) {
    require(joined[i].first == expected[i].first, joined[i].first);
    require(joined[i].second.equal(expected[i].second), joined[i].first + " is not the whole optimizer's");
  }
}

TEST(SharedOptimizer, SharesTogetherAreTheWholeAndTheLeaderAloneCollectsThem) {
  for (const std::int64_t count : {2, 3, 7}) EXPECT_TRUE(test::ranks_hold(count, "keep_and_join_shares"));
}

}  // namespace
}  // namespace luvit
