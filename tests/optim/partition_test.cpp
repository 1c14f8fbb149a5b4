#include "luvit/optim/partition.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "luvit/optim/adamw.h"

namespace luvit {
namespace {

struct Uneven : Module {
  Uneven() {
    add("matrix", matrix, {37, 11});
    add("vector", vector, {5});
    add("large", large, {40, 40});
    at::Tensor* const tensors[] = {&matrix, &vector, &large};
    double scale = 1;
    for (at::Tensor* tensor : tensors) {
      *tensor = at::arange(tensor->numel(), at::kFloat).sin().reshape(tensor->sizes()).mul(scale).contiguous();
      tensor->set_requires_grad(true);
      scale *= 0.5;
    }
  }
  std::vector<ParameterGroup> groups() {
    const auto all = trained_tensors();
    return {{.weight_decay = 0.05, .parameters = {all[0], all[2]}}, {.weight_decay = 0, .parameters = {all[1]}}};
  }
  void fill_gradients(double seed) {
    for (const auto& named : trained_tensors())
      named.tensor->mutable_grad() =
          at::arange(named.tensor->numel(), at::kFloat).mul(seed).cos().view(named.tensor->sizes());
  }
  at::Tensor matrix, vector, large;
};

TEST(Partition, EveryElementHasOneOwner) {
  Uneven model;
  const auto groups = model.groups();
  for (const std::int64_t parts : {1, 2, 3, 7, 100}) {
    std::vector<std::vector<at::Tensor>> owners;
    for (const auto& group : groups) {
      owners.emplace_back();
      for (const auto& parameter : group.parameters)
        owners.back().push_back(at::zeros({parameter.tensor->numel()}, at::kLong));
    }
    for (std::int64_t part = 0; part < parts; ++part)
      for (const Piece& piece : pieces_of_part(groups, part, parts)) {
        owners[piece.group][piece.parameter].narrow(0, piece.first, piece.count) += 1;
        EXPECT_EQ(piece.first % 64, 0);
      }
    for (const auto& group : owners)
      for (const auto& counts : group) EXPECT_TRUE(counts.eq(1).all().item<bool>()) << parts;
  }
}

TEST(Partition, PartsAreAboutEqual) {
  Uneven model;
  for (std::int64_t part = 0; part < 4; ++part) {
    std::int64_t length = 0;
    for (const Piece& piece : pieces_of_part(model.groups(), part, 4)) length += piece.count;
    EXPECT_NEAR(static_cast<double>(length), 2012 / 4.0, 64);
  }
}

// Parts update what the whole would, to the bit; each keeps its part of the state.
TEST(Partition, PartsTogetherAreTheWholeOptimizer) {
  constexpr std::int64_t parts = 3;
  Uneven whole, apart;
  AdamW one(whole.groups(), OptimOptions{});
  std::vector<AdamW> some;
  std::int64_t kept = 0;
  for (std::int64_t part = 0; part < parts; ++part) {
    some.emplace_back(apart.groups(), OptimOptions{}, part, parts);
    for (const auto& state : some.back().pieces()) kept += state.exp_avg.numel();
  }
  EXPECT_EQ(kept, 2012);
  for (int step = 0; step < 5; ++step) {
    whole.fill_gradients(0.1 + step);
    apart.fill_gradients(0.1 + step);
    one.step(0.01);
    for (AdamW& part : some) part.step(0.01);
  }
  EXPECT_TRUE(whole.matrix.equal(apart.matrix));
  EXPECT_TRUE(whole.vector.equal(apart.vector));
  EXPECT_TRUE(whole.large.equal(apart.large));

  AdamW loaded(apart.groups(), OptimOptions{}, 1, parts);
  loaded.load_state(one.state());
  for (std::size_t i = 0; i < loaded.pieces().size(); ++i) {
    EXPECT_TRUE(loaded.pieces()[i].exp_avg_sq.equal(some[1].pieces()[i].exp_avg_sq));
    EXPECT_TRUE(loaded.pieces()[i].step.equal(some[1].pieces()[i].step));
  }
}

}  // namespace
}  // namespace luvit
