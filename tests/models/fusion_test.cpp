#include "luvit/models/fusion.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "builders.h"
#include "luvit/core/error.h"
#include "luvit/models/dropout.h"

namespace luvit {
namespace {

TEST(Fusion, OuterResidualStartsAsThePlainModel) {
  const ModelOptions plain_options = small_options(FusionKind::none);
  ModelOptions options = small_options();
  options.fusion.residual = Residual::outer;
  Classifier plain(plain_options), fused(options);
  start(plain, plain_options);
  start(fused, options);
  const Tensor images = varied({2, 3, 16, 16});
  EXPECT_TRUE(at::equal(fused(images), plain(images)));
  {
    const ComputeType scope(at::kBFloat16);
    EXPECT_TRUE(at::equal(fused(images), plain(images)));
  }
  fused(images).square().sum().backward();  // and learns from there
  EXPECT_GT(tensor_named(fused, "fusion.proj_out.weight").grad().abs().max().item<double>(), 0.0);

  options.fusion.residual = Residual::none;
  Classifier without(options);
  start(without, options);
  EXPECT_FALSE(at::equal(without(images), plain(images)));
}

TEST(Fusion, UnitNormFixesEachTokensSizeBeforeL2) {
  ModelOptions options = small_options();
  options.fusion.norm_eps = 1e-12;
  options.fusion.final_norm = FinalNorm::unit;
  LlamaFusion unit(options.dim, options.fusion);
  start(unit, options);
  EXPECT_FALSE(tensor_named(unit, "final_norm.weight").defined());
  const Tensor z = varied({2, 5, 16});
  const Tensor told = unit.block(unit.proj_in(z));
  const Tensor normed = told / told.square().mean(-1, true).sqrt();
  EXPECT_LT(largest_difference(unit(z), unit.proj_out(normed)), 1e-6);

  options.fusion.final_norm = FinalNorm::pretrained;
  LlamaFusion pretrained(options.dim, options.fusion);
  start(pretrained, options);
  Tensor weight = tensor_named(pretrained, "final_norm.weight");
  EXPECT_FALSE(weight.requires_grad());
  EXPECT_LT(largest_difference(pretrained(z), unit(z)), 1e-6);  // its initial weight is 1
  weight.mul_(2);
  EXPECT_LT(largest_difference(pretrained(z), 2 * unit(z)), 1e-6);
}

// The mean before the block's last matrix, or the class token alone, against all tokens and then the pooling: outputs
// and every gradient, in float64.
TEST(Fusion, PooledIsThePoolOfAllTokens) {
  ModelOptions all_lora = small_options();
  all_lora.fusion.lora.targets = {"q", "v", "gate", "down"};
  ModelOptions outer = small_options(), unit = small_options(), mlp = small_options(FusionKind::mlp);
  outer.fusion.residual = Residual::outer;
  unit.fusion.final_norm = FinalNorm::unit;
  for (const ModelOptions& options : {small_options(), all_lora, outer, unit, mlp}) {
    for (const Pool pool : {Pool::mean, Pool::cls}) {
      const std::unique_ptr<Fusion> fusion = make_fusion(options.dim, options.fusion);
      start(*fusion, options);
      for (const auto& named : fusion->named_tensors()) {
        const Tensor moved = (named.tensor->detach() + 0.3 * varied(named.tensor->sizes(), 3)).to(at::kDouble);
        *named.tensor = moved.requires_grad_(named.role == Role::trained);
      }
      const Tensor z = varied({2, 6, options.dim}, 9).to(at::kDouble).requires_grad_(),
                   weights = varied({2, options.dim});
      const auto gradients = [&](const Tensor& pooled) {
        std::vector<Tensor> inputs = {z};
        for (const auto& named : fusion->trained_tensors()) inputs.push_back(*named.tensor);
        return torch::autograd::grad({(pooled * weights).sum()}, inputs);
      };
      const Tensor got = fusion->pooled(z, pool), expected = pool_tokens((*fusion)(z), pool);
      EXPECT_LT(largest_difference(got, expected), 1e-12);
      EXPECT_GT(largest_difference(got, pool_tokens((*fusion)(z), pool == Pool::mean ? Pool::cls : Pool::mean)), 1e-3);
      const auto own = gradients(got), theirs = gradients(expected);
      for (std::size_t i = 0; i < own.size(); ++i) EXPECT_LT(largest_difference(own[i], theirs[i]), 1e-12) << i;
    }
  }
}

TEST(Fusion, MlpHasItsActivationOrNone) {
  ModelOptions options = small_options(FusionKind::mlp);
  MlpFusion gelu(options.dim, options.fusion);
  start(gelu, options);
  const Tensor z = varied({1, 3, 16});
  EXPECT_LT(largest_difference(gelu(z), gelu.fc2(at::gelu(gelu.fc1(z)))), 1e-6);
  options.fusion.activation = Activation::none;
  MlpFusion linear(options.dim, options.fusion);
  start(linear, options);
  EXPECT_TRUE(at::equal(linear(z), linear.fc2(linear.fc1(z))));
}

TEST(Fusion, BiasIsOptional) {
  ModelOptions options = small_options();
  LlamaFusion without(options.dim, options.fusion);
  EXPECT_FALSE(tensor_named(without, "proj_in.bias").defined());
  options.fusion.bias = true;
  LlamaFusion with(options.dim, options.fusion);
  EXPECT_TRUE(tensor_named(with, "proj_in.bias").defined());
  EXPECT_TRUE(tensor_named(with, "proj_out.bias").defined());
}

TEST(LlamaBlock, Float32StorageComputesTheSameAsComputeStorage) {
  const ModelOptions options = small_options();
  const auto run = [&](at::ScalarType storage) {
    Classifier model(options);
    initialise(model, options, {.seed = 1, .frozen_type = storage});
    const ComputeType scope(at::kBFloat16);
    return model(varied({2, 3, 16, 16}));
  };
  EXPECT_TRUE(at::equal(run(at::kFloat), run(at::kBFloat16)));
}

TEST(LlamaBlock, FrozenProjectionsKeepNoInput) {
  LlamaBlock::SwiGlu mlp(small_options().fusion);
  ModelOptions options = small_options();
  start(mlp, options);
  const Tensor x = varied({1, 3, 24}).requires_grad_(true);
  const Tensor normed = x * 2;
  const Tensor y = mlp(normed);
  EXPECT_EQ(normed.use_count(), 1U);
}

TEST(LoraDropout, IsAFunctionOfSeedEpochAndSample) {
  ModelOptions options = small_options();
  options.fusion.lora.dropout = 0.5;
  LoraLinear layer(24, 8, false, /*rank=*/3, /*alpha=*/6, /*dropout=*/0.5);
  start(layer, options);
  layer.lora_B = varied({8, 3});
  const Tensor x = varied({3, 5, 24});
  const auto draw = [&](const Tensor& input, std::uint64_t epoch, const std::vector<std::int64_t>& samples) {
    DropoutDraws draws(/*seed=*/4, epoch, samples);
    return layer(input).detach();
  };

  const Tensor evaluated = layer(x);  // no dropout outside training, and no draws needed
  layer.train(true);
  EXPECT_THROW(layer(x), RunError);
  EXPECT_THROW(draw(x, 0, {1, 2}), RunError);
  const Tensor whole = draw(x, 0, {10, 11, 12});
  EXPECT_TRUE(at::equal(whole, draw(x, 0, {10, 11, 12})));
  EXPECT_LT(largest_difference(whole.narrow(0, 1, 2), draw(x.narrow(0, 1, 2), 0, {11, 12})), 1e-6);
  EXPECT_GT(largest_difference(whole, draw(x, 1, {10, 11, 12})), 1e-3);
  EXPECT_GT(largest_difference(whole, evaluated), 1e-3);
}

TEST(LoraDropout, KeepsTheExpectation) {
  DropoutDraws draws(1, 0, {0, 1});
  const Tensor x = at::ones({2, 100, 100});
  const Tensor mask = draws.mask_like(x, 0.25);
  EXPECT_NEAR(mask.mean().item<double>(), 0.75, 0.01);
  EXPECT_FALSE(at::equal(mask, draws.mask_like(x, 0.25)));  // the next layer's is another
}

TEST(Options, AllContradictionsAreNamedAtOnce) {
  ModelOptions options = small_options();
  options.heads = 3;
  options.patch_size = 5;
  options.fusion.kv_heads = 3;
  options.fusion.lora.targets = {"q", "w"};
  EXPECT_EQ(contradictions(options).size(), 4U);
  EXPECT_THROW(Classifier{options}, UsageError);
  EXPECT_TRUE(contradictions(small_options()).empty());
}

}  // namespace
}  // namespace luvit
