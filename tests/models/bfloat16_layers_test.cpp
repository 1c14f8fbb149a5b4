#include "../../src/models/bfloat16_layers.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace luvit {
namespace {

// A result and the gradients of its inputs.
struct Pass {
  Tensor result;
  std::vector<Tensor> gradients;
};

Pass run(std::vector<Tensor> inputs, const std::function<Tensor(const std::vector<Tensor>&)>& work) {
  for (Tensor& input : inputs) input = input.detach().clone().requires_grad_(true);
  const Tensor result = work(inputs);
  result.backward(varied(result.sizes(), 5).to(result.scalar_type()));
  Pass pass{result, {}};
  for (const Tensor& input : inputs) pass.gradients.push_back(input.grad());
  return pass;
}

void expect_near(const Pass& got, const Pass& expected, double tolerance) {
  EXPECT_EQ(got.result.scalar_type(), expected.result.scalar_type());
  const double scale = expected.result.abs().max().item<double>();
  EXPECT_LE(largest_difference(got.result, expected.result), tolerance * scale);
  for (std::size_t i = 0; i < got.gradients.size(); ++i) {
    EXPECT_EQ(got.gradients[i].scalar_type(), expected.gradients[i].scalar_type());
    const double largest = expected.gradients[i].abs().max().item<double>();
    EXPECT_LE(largest_difference(got.gradients[i], expected.gradients[i]), tolerance * largest) << "input " << i;
  }
}

constexpr double one_rounding = 1.0 / 256;  // bfloat16's step

TEST(Bfloat16Linear, EqualsTheCastsAroundAtens) {
  const std::vector<Tensor> inputs = {varied({2, 7, 48}), varied({32, 48}, 1), varied({32}, 2)};
  const auto plain = [](const std::vector<Tensor>& in) {
    return at::linear(in[0].to(at::kBFloat16), in[1].to(at::kBFloat16), in[2].to(at::kBFloat16));
  };
  const auto fast = [](const std::vector<Tensor>& in) { return linear_in_bfloat16(in[0], in[1], in[2]); };
  expect_near(run(inputs, fast), run(inputs, plain), one_rounding);
  EXPECT_GT(largest_difference(run(inputs, fast).result, run({inputs[0], inputs[1], inputs[2] * 1.1}, plain).result),
            one_rounding);
}

TEST(Bfloat16Linear, TakesBfloat16AndFrozenWeightsAndNoBias) {
  const Tensor frozen = varied({32, 48}, 1).to(at::kBFloat16);
  const std::vector<Tensor> inputs = {varied({5, 48}).to(at::kBFloat16)};
  expect_near(run(inputs, [&](const auto& in) { return linear_in_bfloat16(in[0], frozen, {}); }),
              run(inputs, [&](const auto& in) { return at::linear(in[0], frozen); }), one_rounding);
}

TEST(Bfloat16Norm, EqualsAtensRounded) {
  const std::vector<Tensor> inputs = {varied({3, 5, 64}) * 3 + 1, varied({64}, 1), varied({64}, 2)};
  const auto plain = [](double eps) {
    return [eps](const std::vector<Tensor>& in) {
      return at::layer_norm(in[0], {64}, in[1], in[2], eps).to(at::kBFloat16);
    };
  };
  const auto fast = [](const std::vector<Tensor>& in) { return layer_norm_to_bfloat16(in[0], in[1], in[2], 1e-6); };
  const Pass got = run(inputs, fast), expected = run(inputs, plain(1e-6));
  expect_near(got, expected, one_rounding);
  // Its gradients are float32's own; the rounding is in the result only.
  for (std::size_t i = 0; i < 3; ++i) EXPECT_LE(largest_difference(got.gradients[i], expected.gradients[i]), 1e-5) << i;
  EXPECT_GT(largest_difference(got.gradients[0], run(inputs, plain(0.1)).gradients[0]), 1e-5);
}

TEST(Bfloat16Norm, KeepsNotANumber) {
  const Tensor x = varied({2, 16}).index_fill(1, at::zeros({1}, at::kLong), NAN);
  EXPECT_TRUE(at::isnan(layer_norm_to_bfloat16(x, at::ones({16}), at::zeros({16}), 1e-6)).all().item<bool>());
}

}  // namespace
}  // namespace luvit
