#include "../../src/models/cpu_layers.h"

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

TEST(CpuLinear, EqualsTheCastsAroundAtens) {
  const std::vector<Tensor> inputs = {varied({2, 7, 48}), varied({32, 48}, 1), varied({32}, 2)};
  const auto plain = [](const std::vector<Tensor>& in) {
    return at::linear(in[0].to(at::kBFloat16), in[1].to(at::kBFloat16), in[2].to(at::kBFloat16));
  };
  const auto fast = [](const std::vector<Tensor>& in) { return linear_on_cpu(in[0], in[1], in[2], at::kBFloat16); };
  expect_near(run(inputs, fast), run(inputs, plain), one_rounding);
  EXPECT_GT(largest_difference(run(inputs, fast).result, run({inputs[0], inputs[1], inputs[2] * 1.1}, plain).result),
            one_rounding);
}

TEST(CpuLinear, TakesBfloat16AndFrozenWeightsAndNoBias) {
  const Tensor frozen = varied({32, 48}, 1).to(at::kBFloat16);
  const std::vector<Tensor> inputs = {varied({5, 48}).to(at::kBFloat16)};
  expect_near(run(inputs, [&](const auto& in) { return linear_on_cpu(in[0], frozen, {}, at::kBFloat16); }),
              run(inputs, [&](const auto& in) { return at::linear(in[0], frozen); }), one_rounding);
}

// Sizes that are no multiple of a vector, so that the last numbers take their own way.
TEST(CpuLinear, EqualsAtensInFloat32) {
  const std::vector<Tensor> inputs = {varied({2, 7, 45}), varied({33, 45}, 1), varied({33}, 2)};
  const auto plain = [](const std::vector<Tensor>& in) { return at::linear(in[0], in[1], in[2]); };
  const auto fast = [](const std::vector<Tensor>& in) { return linear_on_cpu(in[0], in[1], in[2], at::kFloat); };
  expect_near(run(inputs, fast), run(inputs, plain), 1e-6);
  EXPECT_GT(largest_difference(run(inputs, fast).result, run({inputs[0], inputs[1], inputs[2] * 1.1}, plain).result),
            1e-3);
}

TEST(CpuGeluLinear, EqualsAtens) {
  // From −9 to 9: the far tails too, where Φ is nothing but the bell.
  const Tensor x = at::linspace(-9, 9, 14 * 45).view({2, 7, 45});
  const std::vector<Tensor> inputs = {x, varied({33, 45}, 1), varied({33}, 2)};
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const auto plain = [type](const std::vector<Tensor>& in) {
      return at::linear(at::gelu(in[0].to(type)), in[1].to(type), in[2].to(type));
    };
    const auto fast = [type](const std::vector<Tensor>& in) { return gelu_linear_on_cpu(in[0], in[1], in[2], type); };
    const auto tanh = [type](const std::vector<Tensor>& in) {
      return at::linear(at::gelu(in[0].to(type), "tanh"), in[1].to(type), in[2].to(type));
    };
    expect_near(run(inputs, fast), run(inputs, plain), type == at::kFloat ? 1e-6 : 2 * one_rounding);
    if (type == at::kFloat) {
      EXPECT_GT(largest_difference(run(inputs, fast).result, run(inputs, tanh).result),
                1e-6 * run(inputs, plain).result.abs().max().item<double>());
    }
  }
}

TEST(CpuSwiGlu, EqualsAtens) {
  const std::vector<Tensor> inputs = {at::linspace(-30, 30, 77).view({7, 11}), varied({7, 11}, 1)};
  const auto plain = [](const std::vector<Tensor>& in) { return at::silu(in[0]) * in[1]; };
  const auto fast = [](const std::vector<Tensor>& in) { return swiglu_on_cpu(in[0], in[1]); };
  expect_near(run(inputs, fast), run(inputs, plain), 1e-6);
  const auto halves = [](const auto& work) {
    return [&work](const std::vector<Tensor>& in) { return work({in[0].to(at::kBFloat16), in[1].to(at::kBFloat16)}); };
  };
  expect_near(run(inputs, halves(fast)), run(inputs, halves(plain)), 2 * one_rounding);
  EXPECT_GT(largest_difference(run(inputs, fast).result, run({inputs[1], inputs[0]}, plain).result), 1e-3);
}

TEST(CpuSwiGluMean, EqualsAtens) {
  const std::vector<Tensor> inputs = {at::linspace(-30, 30, 3 * 7 * 21).view({3, 7, 21}), varied({3, 7, 21}, 1)};
  const auto plain = [](std::int64_t first) {
    return [first](const std::vector<Tensor>& in) {
      return (at::silu(in[0]) * in[1]).narrow(1, first, 7 - first).mean(1);
    };
  };
  const auto fast = [](const std::vector<Tensor>& in) { return swiglu_mean_on_cpu(in[0], in[1], 1); };
  expect_near(run(inputs, fast), run(inputs, plain(1)), 1e-6);
  const auto halves = [](const auto& work) {
    return [work](const std::vector<Tensor>& in) { return work({in[0].to(at::kBFloat16), in[1].to(at::kBFloat16)}); };
  };
  expect_near(run(inputs, halves(fast)), run(inputs, halves(plain(1))), 4 * one_rounding);
  EXPECT_GT(largest_difference(run(inputs, fast).result, run(inputs, plain(0)).result), 1e-3);
}

TEST(CpuSoftmax, EqualsAtens) {
  for (const std::int64_t width : {1, 15, 16, 50, 197}) {
    const Tensor x = (varied({3, 5, width}) * 20).to(at::kBFloat16), expected = at::softmax(x.to(at::kFloat), -1);
    const Tensor got = x.clone();
    softmax_in_place(got, /*scale=*/1);
    EXPECT_LE(largest_difference(got, expected), one_rounding) << width;
    EXPECT_EQ(got.scalar_type(), at::kBFloat16);
  }
}

TEST(CpuSoftmax, KeepsNotANumberToItsRow) {
  Tensor x = varied({4, 20}).to(at::kBFloat16);
  x[1][17] = NAN;
  softmax_in_place(x, /*scale=*/1);
  EXPECT_TRUE(at::isnan(x[1]).all().item<bool>());
  EXPECT_EQ(at::isnan(x).sum().item<std::int64_t>(), 20);
}

TEST(CpuGelu, KeepsNotANumber) {
  const Tensor x = at::full({1, 16}, NAN);
  EXPECT_TRUE(at::isnan(gelu_linear_on_cpu(x, at::ones({2, 16}), {}, at::kFloat)).all().item<bool>());
  EXPECT_TRUE(at::isnan(swiglu_on_cpu(x, at::ones({1, 16}))).all().item<bool>());
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
