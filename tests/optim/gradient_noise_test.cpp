#include "luvit/optim/gradient_noise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "luvit/core/random.h"

namespace luvit {
namespace {

constexpr std::int64_t width = 6;

struct Weights : Module {
  Weights() {
    add("weight", weight, {width});
    weight = at::zeros({width}).set_requires_grad(true);
  }
  at::Tensor weight;
};

at::Tensor normal(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  const at::Tensor out = at::empty({rows, columns}, at::kFloat);
  Random(seed, "gradient noise", Purpose::synthetic).fill_normal(out.mutable_data_ptr<float>(), out.numel(), 0, 1);
  return out;
}

// Loss ½(w·x − y)² of y = w*·x + ε. With δ = w − w* the gradient is (δ·x − ε)·x: its mean is δ_j and its variance
// |δ|² + σ² + δ_j², for normal x and ε.
struct LinearModel {
  std::vector<double> delta = {0.3, -0.1, 0.05, 0, 0.2, -0.4};
  double sigma = 0.7;

  double variance(std::size_t j) const {
    double squared = sigma * sigma;
    for (const double d : delta) squared += d * d;
    return squared + delta[j] * delta[j];
  }
  double ratio(std::size_t j) const { return delta[j] * delta[j] / variance(j); }
  double layer_ratio() const {
    double signal = 0, spread = 0;
    for (std::size_t j = 0; j < delta.size(); ++j) {
      signal += delta[j] * delta[j];
      spread += variance(j);
    }
    return signal / spread;
  }

  // Of samples drawn from `seed`, by autograd.
  TensorGsnr measure(std::int64_t samples, std::int64_t micro_batch, std::uint64_t seed) const {
    const at::Tensor x = normal(samples, width, seed), noise = normal(samples, 1, seed + 1'000'000) * sigma;
    const at::Tensor shift = at::tensor(delta).to(at::kFloat);
    Weights model;
    GradientNoise stream(model.trained_tensors());
    for (std::int64_t first = 0; first < samples; first += micro_batch) {
      model.weight.mutable_grad().reset();
      const at::Tensor part = x.narrow(0, first, micro_batch);
      const at::Tensor error = part.matmul(model.weight + shift) - noise.narrow(0, first, micro_batch).squeeze(1);
      (0.5 * error.square()).mean().backward();
      stream.add(micro_batch);
    }
    return stream.finish().front();
  }
};

struct Estimate {
  double mean = 0, se = 0;
};
Estimate estimate(const std::vector<double>& values) {
  Estimate out;
  const auto n = static_cast<double>(values.size());
  for (const double value : values) out.mean += value / n;
  for (const double value : values) out.se += (value - out.mean) * (value - out.mean) / (n * (n - 1));
  out.se = std::sqrt(out.se);
  return out;
}

TEST(GradientNoise, OfALinearModelIsItsClosedForm) {
  const LinearModel model;
  constexpr std::int64_t samples = 100, sets = 160;
  std::vector<std::vector<double>> ratios(width);
  std::vector<double> layer, naive;
  for (std::uint64_t set = 0; set < sets; ++set) {
    const TensorGsnr found = model.measure(samples, /*micro_batch=*/4, set);
    for (std::size_t j = 0; j < width; ++j) ratios[j].push_back(found.r[j]);
    layer.push_back(gsnr_figures({&found}, samples).ratio);
    naive.push_back(found.signal / found.variance);
  }
  for (std::size_t j = 0; j < width; ++j) {
    const Estimate r = estimate(ratios[j]);
    EXPECT_NEAR(r.mean, model.ratio(j), 3 * r.se) << j;
  }
  const Estimate r = estimate(layer), uncorrected = estimate(naive);
  EXPECT_NEAR(r.mean, model.layer_ratio(), 3 * r.se);
  EXPECT_LT(r.se, 0.05 * model.layer_ratio());
  EXPECT_GT(uncorrected.mean, model.layer_ratio() + 3 * uncorrected.se) << "the correction would not be seen";
}

TEST(GradientNoise, DoesNotDependOnTheMicroBatch) {
  const LinearModel model;
  constexpr std::int64_t samples = 160, sets = 40;
  for (const std::int64_t micro_batch : {4, 16}) {
    std::vector<double> layer, mean;
    for (std::uint64_t set = 0; set < sets; ++set) {
      const TensorGsnr one = model.measure(samples, 1, set), many = model.measure(samples, micro_batch, set);
      const GsnrFigures a = gsnr_figures({&one}, samples), b = gsnr_figures({&many}, samples);
      layer.push_back(b.ratio - a.ratio);
      mean.push_back(b.mean - a.mean);
    }
    EXPECT_NEAR(estimate(layer).mean, 0, 3 * estimate(layer).se) << micro_batch;
    EXPECT_LT(estimate(layer).se, 0.05 * model.layer_ratio());
    EXPECT_NEAR(estimate(mean).mean, 0, 3 * estimate(mean).se + 0.02 * model.layer_ratio()) << micro_batch;
  }
}

// The weights of a head that is zero and labels that are coins: no direction is better than another.
TEST(GradientNoise, WithoutSignalIsZeroWhereTheNaiveRatioIsNot) {
  constexpr std::int64_t samples = 256, sets = 40;
  std::vector<double> layer, mean, naive;
  for (std::uint64_t set = 0; set < sets; ++set) {
    const at::Tensor x = normal(samples, width, 100 + set) + 1;
    const at::Tensor label = normal(samples, 1, 900 + set).sign().squeeze(1);
    Weights model;
    GradientNoise stream(model.trained_tensors());
    for (std::int64_t first = 0; first < samples; first += 8) {
      model.weight.mutable_grad().reset();
      const at::Tensor logit = x.narrow(0, first, 8).matmul(model.weight);
      at::softplus(-label.narrow(0, first, 8) * logit).mean().backward();
      stream.add(8);
    }
    const TensorGsnr found = stream.finish().front();
    const GsnrFigures figures = gsnr_figures({&found}, samples);
    layer.push_back(figures.ratio);
    mean.push_back(figures.mean);
    naive.push_back(found.signal / found.variance * samples);
  }
  EXPECT_NEAR(estimate(layer).mean, 0, 3 * estimate(layer).se);
  EXPECT_NEAR(estimate(mean).mean, 0, 3 * estimate(mean).se);
  EXPECT_NEAR(estimate(naive).mean, 1, 3 * estimate(naive).se) << "it reads 1/N";
}

TEST(GradientNoise, CountsWhatItLeavesOut) {
  struct Attention : Module {
    Attention() {
      add("blocks.0.attn.qkv.bias", bias, {9});
      add("blocks.0.attn.proj.bias", other, {4});
      bias = at::zeros({9});
      other = at::zeros({4});
    }
    at::Tensor bias, other;
  } model;
  GradientNoise stream(model.trained_tensors());
  for (std::int64_t k = 0; k < 8; ++k) {
    model.bias.mutable_grad() = at::arange(9) * static_cast<double>(k) + 1.0;
    model.other.mutable_grad() = at::tensor({1.0F, 0.0F, static_cast<float>(k), static_cast<float>(k * k)});
    stream.add(1);
  }
  const auto found = stream.finish();
  EXPECT_EQ(found[0].key_bias, 3);     // the middle third, whatever it holds
  EXPECT_EQ(found[0].no_variance, 1);  // 0·k + 1
  EXPECT_EQ(found[0].r.size(), 5U);
  EXPECT_EQ(found[1].key_bias, 0);
  EXPECT_EQ(found[1].no_variance, 2);  // a constant, and one without any gradient
  const GsnrFigures all = gsnr_figures({&found[0], &found[1]}, 8);
  EXPECT_EQ(all.n, 7);
  EXPECT_EQ(all.key_bias + all.no_variance, 6);
}

TEST(GradientNoise, WeighsMicroBatchesByTheirSize) {
  // Six samples as 1 + 2 + 1 + 2 or in another order: mean and variance are weighted, as least squares would.
  Weights model;
  GradientNoise stream(model.trained_tensors());
  const std::vector<std::pair<double, std::int64_t>> draws = {{1, 1}, {4, 2}, {-2, 1}, {0.5, 2}};
  double mean = 0, spread = 0;
  for (const auto& [value, count] : draws) mean += value * static_cast<double>(count) / 6;
  for (const auto& [value, count] : draws) spread += static_cast<double>(count) * (value - mean) * (value - mean);
  for (const auto& [value, count] : draws) {
    model.weight.mutable_grad() = at::full({width}, value);
    stream.add(count);
  }
  EXPECT_EQ(stream.draws().samples, 6);
  EXPECT_EQ(stream.draws().batches, 4);
  const TensorGsnr found = stream.finish().front();
  EXPECT_NEAR(found.variance / width, spread / 3, 1e-6 * spread);
  EXPECT_NEAR(found.r[0], (4.0 - 3) / (4 - 1) * mean * mean / (spread / 3) - 1.0 / 6, 1e-6);
}

TEST(GsnrFigures, AreThoseOfTheParametersThatCount) {
  const TensorGsnr a{.name = "a", .r = {4, -1, 2}, .signal = 3, .variance = 10},
      b{.name = "b", .r = {8, 0}, .signal = 1, .variance = 6};
  const GsnrFigures figures = gsnr_figures({&a, &b}, 20);
  EXPECT_EQ(figures.n, 5);
  EXPECT_DOUBLE_EQ(figures.mean, 13.0 / 5);
  EXPECT_DOUBLE_EQ(figures.median, 2);
  EXPECT_NEAR(figures.p95, 4 + 0.8 * 4, 1e-6);  // numpy: place 3.8 of −1 0 2 4 8
  EXPECT_DOUBLE_EQ(figures.share_positive, 0.6);
  EXPECT_DOUBLE_EQ(figures.ratio, (4 - 16.0 / 20) / 16);
  EXPECT_DOUBLE_EQ(figures.noise_scale(), 1 / figures.ratio);
  EXPECT_TRUE(std::isnan(gsnr_figures({}, 20).mean));
}

TEST(GsnrFigures, LayersAreBlocksAndWhatStandsBesideThem) {
  EXPECT_EQ(layer_of("blocks.11.attn.qkv.weight"), "blocks.11");
  EXPECT_EQ(layer_of("decoder_blocks.0.norm1.bias"), "decoder_blocks.0");
  EXPECT_EQ(layer_of("fusion.block.self_attn.q_proj.lora_A.weight"), "fusion");
  EXPECT_EQ(layer_of("cls_token"), "cls_token");
  EXPECT_EQ(layers_of({"cls_token", "blocks.0.a", "blocks.1.a", "blocks.0.b"}),
            (std::vector<std::string>{"cls_token", "blocks.0", "blocks.1"}));
}

}  // namespace
}  // namespace luvit
