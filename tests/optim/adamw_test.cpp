#include "luvit/optim/adamw.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "../../src/optim/adamw_update.h"
#include "luvit/core/error.h"
#include "luvit/models/meta_kernels.h"

namespace luvit {
namespace {

struct Pair : Module {
  Pair() {
    add("w", w, {4, 3});
    add("b", b, {4});
  }
  explicit Pair(at::Device device) : Pair() {
    w = at::linspace(-1, 1, 12).reshape({4, 3}).to(device).set_requires_grad(true);
    b = at::linspace(0, 1, 4).to(device).set_requires_grad(true);
  }
  void fill_gradients(double value) {
    w.mutable_grad() = at::full_like(w, value);
    b.mutable_grad() = at::full_like(b, -value);
  }
  at::Tensor w, b;
};

std::vector<ParameterGroup> groups_of(Pair& model) {
  const auto all = model.trained_tensors();
  return {{0.1, 1.0, {all[0]}}, {0.0, 0.5, {all[1]}}};
}

AdamWUpdate example(double skip) {
  AdamWUpdate u;
  for (const std::vector<std::int64_t>& shape : std::vector<std::vector<std::int64_t>>{{5, 3}, {7}}) {
    std::int64_t n = 1;
    for (const std::int64_t side : shape) n *= side;
    u.parameters.push_back(at::linspace(-2, 3, n, at::kDouble).reshape(shape));
    u.gradients.push_back(at::linspace(1, -4, n, at::kDouble).reshape(shape));
    u.exp_avg.push_back(at::linspace(0, 1, n, at::kDouble).reshape(shape));
    u.exp_avg_sq.push_back(at::linspace(0.1, 2, n, at::kDouble).reshape(shape));
    u.steps.push_back(at::full({}, 3.0f));
  }
  u.learning_rate = 0.01;
  u.beta1 = 0.9;
  u.beta2 = 0.95;
  u.weight_decay = 0.05;
  u.eps = 1e-8;
  u.grad_scale = at::full({}, 2.0f);
  u.found_inf = at::full({}, static_cast<float>(skip));
  return u;
}

TEST(AdamWUpdate, PlainTwinAgreesWithTheFusedOperator) {
  for (const double skip : {0.0, 1.0}) {
    AdamWUpdate fused = example(skip), plain = example(skip);
    adamw_fused(fused);
    adamw_plain(plain);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(at::allclose(fused.parameters[i], plain.parameters[i], 1e-10, 1e-12));
      EXPECT_TRUE(at::allclose(fused.exp_avg[i], plain.exp_avg[i], 1e-10, 1e-12));
      EXPECT_TRUE(at::allclose(fused.exp_avg_sq[i], plain.exp_avg_sq[i], 1e-10, 1e-12));
      EXPECT_TRUE(at::equal(fused.steps[i], plain.steps[i]));
      EXPECT_EQ(at::equal(fused.parameters[i], example(skip).parameters[i]), skip == 1.0);
    }
  }
}

TEST(AdamW, NonFiniteFlagSkipsTheUpdateAndItsStep) {
  Pair model(at::kCPU);
  AdamW optimizer(groups_of(model), OptimOptions{});
  model.fill_gradients(1);
  const at::Tensor before = model.w.detach().clone();
  optimizer.step(0.1, {}, at::ones({}));
  EXPECT_TRUE(at::equal(model.w, before));
  for (const auto& [name, tensor] : optimizer.state()) EXPECT_EQ(tensor.abs().sum().item<double>(), 0) << name;
  optimizer.step(0.1, {}, at::zeros({}));
  EXPECT_FALSE(at::equal(model.w, before));
}

TEST(AdamW, GroupScaleAndMissingGradients) {
  Pair model(at::kCPU);
  AdamW optimizer(groups_of(model), OptimOptions{});
  model.b.mutable_grad() = at::ones({4});
  const at::Tensor w = model.w.detach().clone(), b = model.b.detach().clone();
  optimizer.step(0.1);
  EXPECT_TRUE(at::equal(model.w, w));                                    // no gradient: neither moved nor decayed
  EXPECT_TRUE(at::allclose(b - model.b.detach(), at::full({4}, 0.05)));  // the first step moves by the rate
}

TEST(AdamW, ZeroKeepsBuffersAndReleaseGivesThemBack) {
  Pair model(at::kCPU);
  AdamW optimizer(groups_of(model), OptimOptions{});
  model.fill_gradients(1);
  const void* buffer = model.w.grad().data_ptr();
  optimizer.zero_grad();
  EXPECT_EQ(model.w.grad().data_ptr(), buffer);
  EXPECT_EQ(model.w.grad().abs().sum().item<double>(), 0);
  (model.w.sum() * 2).backward();
  EXPECT_EQ(model.w.grad().data_ptr(), buffer);
  optimizer.release_grad();
  EXPECT_FALSE(model.w.grad().defined());
}

TEST(AdamW, StateGoesByNameAndContinuesTheRun) {
  Pair first(at::kCPU), second(at::kCPU);
  AdamW a(groups_of(first), OptimOptions{}), b(groups_of(second), OptimOptions{});
  for (int step = 0; step < 3; ++step) {
    first.fill_gradients(0.5 * step + 1);
    a.step(0.01);
  }
  AdamW::NamedState saved;
  for (const auto& [name, tensor] : a.state()) saved.emplace_back(name, tensor.clone());
  std::reverse(saved.begin(), saved.end());
  b.load_state(saved);
  {
    at::NoGradGuard no_grad;
    second.w.copy_(first.w);
    second.b.copy_(first.b);
  }
  first.fill_gradients(2);
  second.fill_gradients(2);
  a.step(0.01);
  b.step(0.01);
  EXPECT_TRUE(at::equal(first.w, second.w));
  EXPECT_TRUE(at::equal(first.b, second.b));
}

TEST(AdamW, StateThatDiffersIsRefusedByName) {
  Pair model(at::kCPU);
  AdamW optimizer(groups_of(model), OptimOptions{});
  const auto message = [&](AdamW::NamedState state) -> std::string {
    try {
      optimizer.load_state(state);
    } catch (const DataError& error) {
      return error.what();
    }
    return "accepted";
  };
  AdamW::NamedState state = optimizer.state();
  EXPECT_EQ(message(state), "accepted");
  AdamW::NamedState missing(state.begin() + 1, state.end());
  EXPECT_NE(message(missing).find("'w.exp_avg' is missing"), std::string::npos);
  AdamW::NamedState misshapen = state;
  misshapen[1].second = at::zeros({3, 4});
  EXPECT_NE(message(misshapen).find("'w.exp_avg_sq'"), std::string::npos);
  AdamW::NamedState surplus = state;
  surplus.emplace_back("x.step", at::zeros({}));
  EXPECT_NE(message(surplus).find("'x.step' belongs to no"), std::string::npos);
}

TEST(AdamW, RunsOnTheMetaDevice) {
  add_meta_kernels();
  Pair model(at::kMeta);
  AdamW optimizer(groups_of(model), OptimOptions{});
  model.fill_gradients(1);
  optimizer.step(0.1, {}, at::zeros({}, at::kMeta));
  optimizer.zero_grad();
  for (const auto& [name, tensor] : optimizer.state()) EXPECT_TRUE(tensor.is_meta()) << name;
}

}  // namespace
}  // namespace luvit
