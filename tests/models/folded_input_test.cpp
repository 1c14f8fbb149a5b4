#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "builders.h"
#include "luvit/models/dropout.h"
#include "luvit/models/fusion.h"

namespace luvit {
namespace {

// Narrow before the block, so that few tokens fold; every value moved away from its first one.
struct Folding {
  explicit Folding(const std::function<void(FusionOptions&)>& change = {}, at::ScalarType type = at::kDouble) {
    options = small_options();
    options.dim = 8;
    if (change) change(options.fusion);
    FusionOptions unfolded = options.fusion;
    unfolded.fold = false;
    folded = make(options.fusion, type);
    plain = make(unfolded, type);
    z = varied({3, 7, options.dim}, 9).to(type).requires_grad_();
  }

  std::unique_ptr<Fusion> make(const FusionOptions& fusion, at::ScalarType type) const {
    auto made = make_fusion(options.dim, fusion);
    start(*made, options);
    for (const auto& named : made->named_tensors()) {
      const Tensor moved = (named.tensor->detach() + 0.3 * varied(named.tensor->sizes(), 3)).to(type);
      *named.tensor = moved.requires_grad_(named.role == Role::trained);
    }
    return made;
  }

  std::vector<Tensor> gradients(Fusion& fusion, const Tensor& out) const {
    std::vector<Tensor> inputs = {z};
    for (const auto& named : fusion.trained_tensors()) inputs.push_back(*named.tensor);
    return torch::autograd::grad({(out * varied(out.sizes(), 1)).sum()}, inputs);
  }

  ModelOptions options;
  std::unique_ptr<Fusion> folded, plain;
  Tensor z;
};

const std::vector<std::pair<const char*, std::function<void(FusionOptions&)>>>& variants() {
  static const std::vector<std::pair<const char*, std::function<void(FusionOptions&)>>> all = {
      {"the paper's", [](FusionOptions&) {}},
      {"L1 with a bias", [](FusionOptions& f) { f.bias = true; }},
      {"biases of q, k, v, and o", [](FusionOptions& f) { f.qkv_bias = f.o_bias = true; }},
      {"norms of heads", [](FusionOptions& f) { f.qk_norm = f.qkv_bias = f.bias = true; }},
      {"no LoRA", [](FusionOptions& f) { f.lora.rank = 0; }},
      {"LoRA everywhere", [](FusionOptions& f) { f.lora.targets = {"q", "k", "v", "o", "gate", "up", "down"}; }},
      {"a residual around", [](FusionOptions& f) { f.residual = Residual::outer; }},
      {"an eps that is felt", [](FusionOptions& f) { f.norm_eps = 0.1; }},
  };
  return all;
}

TEST(FoldedInput, IsThePlainPathInOutputsAndGradients) {
  for (const auto& [name, change] : variants()) {
    SCOPED_TRACE(name);
    const Folding f(change);
    const Tensor got = (*f.folded)(f.z), expected = (*f.plain)(f.z);
    EXPECT_LT(largest_difference(got, expected), 1e-12);
    EXPECT_FALSE(at::equal(got, expected));  // another way there
    const auto own = f.gradients(*f.folded, got), theirs = f.gradients(*f.plain, expected);
    for (std::size_t i = 0; i < own.size(); ++i) EXPECT_LT(largest_difference(own[i], theirs[i]), 1e-11) << i;
    for (const Pool pool : {Pool::mean, Pool::cls}) {
      const Tensor pooled = f.folded->pooled(f.z, pool), expected_pool = f.plain->pooled(f.z, pool);
      EXPECT_LT(largest_difference(pooled, expected_pool), 1e-12);
      EXPECT_FALSE(at::equal(pooled, expected_pool));
      const auto of_own = f.gradients(*f.folded, pooled), of_theirs = f.gradients(*f.plain, expected_pool);
      for (std::size_t i = 0; i < own.size(); ++i) EXPECT_LT(largest_difference(of_own[i], of_theirs[i]), 1e-11) << i;
    }
  }
}

// What every variant above would show if a factor were left out.
TEST(FoldedInput, TheComparisonFeelsEachFactor) {
  for (const char* factor : {"proj_in.bias", "block.input_layernorm.weight", "block.self_attn.q_proj.lora_A.weight",
                             "block.self_attn.v_proj.lora_B.weight", "block.self_attn.q_proj.bias"}) {
    const Folding f([](FusionOptions& options) { options.bias = options.qkv_bias = true; });
    tensor_named(*f.folded, factor).set_data(tensor_named(*f.folded, factor).detach() * 0.99);
    EXPECT_GT(largest_difference((*f.folded)(f.z), (*f.plain)(f.z)), 1e-6) << factor;
  }
}

TEST(FoldedInput, TapsShowTheSame) {
  const Folding f;
  Taps own({"l1", "llm_attn", "llm", "attention.llm"}), theirs = own;
  (*f.folded)(f.z, &own);
  (*f.plain)(f.z, &theirs);
  for (const char* tap : {"l1", "llm_attn", "llm", "attention.llm"})
    EXPECT_LT(largest_difference(own[tap], theirs[tap]), 1e-12) << tap;
  EXPECT_FALSE(at::equal(own["attention.llm"], theirs["attention.llm"]));
}

// A rounded matrix stands for two roundings on the way: the error stays what it was.
TEST(FoldedInput, RoundsInBfloat16NoMoreThanThePlainPath) {
  const Folding exact, single({}, at::kFloat);
  const ComputeType scope(at::kBFloat16);
  const auto root_mean_square = [](const Tensor& x) { return x.to(at::kDouble).square().mean().sqrt().item<double>(); };
  Tensor expected;
  {
    const ComputeType in_float64(at::kDouble);
    expected = (*exact.plain)(exact.z);
  }
  const Tensor by_folding = (*single.folded)(single.z), plainly = (*single.plain)(single.z);
  const double folded = root_mean_square(by_folding - expected), plain = root_mean_square(plainly - expected);
  EXPECT_GT(plain, 0);
  EXPECT_FALSE(at::equal(by_folding, plainly));
  EXPECT_LT(folded, 1.5 * plain);
}

// As the norm: 1/√eps at an input of zeros, and a gradient there.
TEST(FoldedInput, TakesTokensOfZeros) {
  Folding f;
  f.z = at::cat({at::zeros_like(f.z.narrow(0, 0, 1)), f.z.detach().narrow(0, 1, 2)}).requires_grad_();
  const Tensor got = (*f.folded)(f.z), expected = (*f.plain)(f.z);
  EXPECT_LT(largest_difference(got, expected), 1e-12);
  const auto own = f.gradients(*f.folded, got), theirs = f.gradients(*f.plain, expected);
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_TRUE(own[i].isfinite().all().item<bool>()) << i;
    EXPECT_LT(largest_difference(own[i], theirs[i]), 1e-11 * theirs[i].abs().max().item<double>()) << i;
  }
}

// A model that is all bfloat16 needs no scope.
TEST(FoldedInput, RunsInAModelsOwnType) {
  const Folding f([](FusionOptions& options) { options.bias = true; }, at::kBFloat16);
  EXPECT_EQ((*f.folded)(f.z).scalar_type(), at::kBFloat16);
}

// It would have to be drawn for the normed input, which is not made.
TEST(FoldedInput, DropoutOfLoraIsDrawnAsEver) {
  Folding f([](FusionOptions& options) { options.lora.dropout = 0.5; });
  const auto run = [&](Fusion& fusion, bool training) {
    fusion.train(training);
    const DropoutDraws draws(/*seed=*/1, /*epoch=*/0, /*samples=*/{0, 1, 2});
    return fusion(f.z);
  };
  EXPECT_TRUE(at::equal(run(*f.folded, true), run(*f.plain, true)));
  EXPECT_FALSE(at::equal(run(*f.folded, false), run(*f.plain, false)));
}

TEST(FoldedInput, PaysWhereTokensAreMany) {
  EXPECT_FALSE(folding_pays(1068, 768, 4096));
  EXPECT_TRUE(folding_pays(1069, 768, 4096));
  EXPECT_FALSE(folding_pays(1 << 30, 768, 1152));  // as wide as L1's input nearly: never
  const Folding f;
  const Tensor few = f.z.narrow(0, 0, 1).narrow(1, 0, 2);
  EXPECT_TRUE(at::equal((*f.folded)(few), (*f.plain)(few)));
}

TEST(FoldedInput, NeedsNoValueOnTheHost) {
  ModelOptions options;
  options.fusion.bias = true;
  Classifier model(options);
  to_meta(model);
  const auto on_meta = at::TensorOptions(at::kMeta).dtype(at::kFloat);
  const ComputeType scope(at::kBFloat16);
  ASSERT_TRUE(folding_pays(6 * 197, options.dim, options.fusion.dim));
  model(at::empty({6, 3, 224, 224}, on_meta)).sum().backward();
  for (const char* name :
       {"fusion.proj_in.weight", "fusion.proj_in.bias", "fusion.block.self_attn.q_proj.lora_B.weight"})
    EXPECT_TRUE(tensor_named(model, name).grad().defined()) << name;
}

}  // namespace
}  // namespace luvit
