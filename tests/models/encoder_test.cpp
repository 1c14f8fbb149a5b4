#include "luvit/models/encoder.h"

#include <gtest/gtest.h>

#include "builders.h"

namespace luvit {
namespace {

struct Small {
  ModelOptions options = small_options();
  Classifier model{options};
  Tensor images = varied({2, 3, 16, 16});
  Small() { start(model, options); }
};

TEST(Encoder, AllPatchesInOrderGiveTheSameByBothWays) {
  Small small;
  const Tensor all = at::arange(16, at::kLong).expand({2, 16});
  EXPECT_LT(largest_difference(small.model.features_of(small.images, all), small.model.features(small.images)), 1e-6);
  const Tensor unfused = small.model.encode(small.images);
  EXPECT_LT(largest_difference(small.model.encode_of(small.images, all), unfused), 1e-6);
  EXPECT_GT(largest_difference(small.model.features(small.images), unfused), 1e-4);
}

TEST(Encoder, TokensOfASubsetComeInItsOrder) {
  Small small;
  const auto of = [&](std::vector<std::int64_t> order) {
    return small.model.features_of(small.images, at::tensor(order).expand({2, 3}));
  };
  const Tensor forward = of({3, 8, 1}), backward = of({1, 8, 3});
  EXPECT_LT(largest_difference(forward.select(1, 1), backward.select(1, 3)), 1e-6);
  EXPECT_LT(largest_difference(forward.select(1, 0), backward.select(1, 0)), 1e-6);
  EXPECT_GT(largest_difference(forward.select(1, 1), backward.select(1, 1)), 1e-4);
}

TEST(Encoder, TapsShowWhatTheLastBlockDoes) {
  Small small;
  Taps taps({"attention.1", "block.1"});
  const Tensor features = small.model.features(small.images, {}, &taps);
  EXPECT_EQ(taps["attention.1"].sizes(), at::IntArrayRef({2, 2, 17, 17}));
  EXPECT_LT(largest_difference(taps["attention.1"].sum(-1), at::ones({2, 2, 17})), 1e-5);
  EXPECT_TRUE(at::equal((*small.model.fusion)(taps["block.1"]), features));
  EXPECT_FALSE(taps["attention.0"].defined());  // nobody asked
  EXPECT_TRUE(at::equal(small.model.encode(small.images), taps["block.1"]));
}

TEST(Encoder, TapsShowTheStationsOfTheLanguageBlock) {
  Small small;
  Taps taps({"block.0", "block.1", "attention.0", "l1", "llm_attn", "llm_ffn", "llm", "l2", "attention.llm"});
  const Tensor features = small.model.features(small.images, {}, &taps);
  EXPECT_TRUE(at::equal(features, small.model.features(small.images)));  // looking on changes nothing
  EXPECT_TRUE(at::equal((*small.model.blocks[1])(taps["block.0"]), taps["block.1"]));
  const auto& fusion = dynamic_cast<const LlamaFusion&>(*small.model.fusion);
  EXPECT_TRUE(at::equal(fusion.proj_in(taps["block.1"]), taps["l1"]));
  EXPECT_TRUE(at::equal(taps["l1"] + taps["llm_attn"] + taps["llm_ffn"], taps["llm"]));
  EXPECT_TRUE(at::equal(fusion.proj_out(taps["llm"]), taps["l2"]));
  EXPECT_TRUE(at::equal(taps["l2"], features));  // no residual here
  // Its attention is what makes llm_attn of the values.
  const auto& attention = fusion.block.self_attn;
  const Tensor normed = fusion.block.input_layernorm(taps["l1"]);
  const Tensor v = attention.v_proj(normed).view({2, 17, attention.kv_heads, -1}).transpose(1, 2);
  const Tensor mixed = at::matmul(taps["attention.llm"], v.repeat_interleave(attention.heads / attention.kv_heads, 1));
  EXPECT_LT(largest_difference(attention.o_proj(mixed.transpose(1, 2).flatten(2)), taps["llm_attn"]), 1e-5);
}

TEST(Attention, ItsMatrixTimesTheValuesIsItsResult) {
  const Tensor q = varied({2, 4, 5, 8}), k = varied({2, 2, 5, 8}, 1), v = varied({2, 2, 5, 8}, 2);
  const Tensor product = at::matmul(attention_weights(q, k), v.repeat_interleave(2, 1));
  EXPECT_LT(largest_difference(attention(q, k, v), product), 1e-6);
  const auto rounded = [](const Tensor& x) { return x.to(at::kBFloat16); };
  EXPECT_LT(largest_difference(attention(rounded(q), rounded(k), rounded(v)), product), 0.02);
}

// Rates rise linearly over the blocks: with depth 2 and rate 0.2, block 0 is always kept whole and block 1's kept
// branches are divided by 0.8.
TEST(DropPath, KeptBranchesAreDividedByTheirProbability) {
  Small small;
  small.model.options.drop_path = 0.2;
  const Tensor x = varied({2, 17, 16});
  const Block& block = *small.model.blocks[1];
  const Tensor attended = x + block.attn(block.norm1(x)) / 0.8;
  const Tensor expected = attended + block.mlp(block.norm2(attended)) / 0.8;
  EXPECT_LT(largest_difference(block(x, at::ones({2, 2}), 0.8), expected), 1e-6);

  const Tensor dropped = at::zeros({2, 2});
  EXPECT_TRUE(at::equal(block(x, dropped, 0.8), x));
  Tensor only_first = at::ones({2, 2});
  only_first.select(1, 1).zero_();
  EXPECT_TRUE(at::equal(block(x, only_first, 0.8)[1], x[1]));
  EXPECT_LT(largest_difference(block(x, only_first, 0.8)[0], expected[0]), 1e-6);
}

TEST(DropPath, FirstBlockIsNotScaled) {
  Small small;
  const Tensor plain = small.model.features(small.images);
  small.model.options.drop_path = 0.2;
  Tensor keep = at::ones({2, 2, 2});
  const Tensor scaled = small.model.features(small.images, keep);
  keep[1].zero_();
  Taps taps({"block.1"});
  small.model.features(small.images, keep, &taps);
  EXPECT_GT(largest_difference(scaled, plain), 1e-4);
  const Tensor x = small.model.blocks[0]->operator()(
      at::cat({(small.model.cls_token + small.model.pos_embed.narrow(1, 0, 1)).expand({2, -1, -1}),
               small.model.patch_embed(small.images) + small.model.pos_embed.narrow(1, 1, 16)},
              1));
  EXPECT_TRUE(at::equal(taps["block.1"], x));
}

TEST(LayerNorm, TakesBfloat16AndAnswersInFloat32) {
  LayerNorm norm(16);
  norm.weight = at::ones({16});
  norm.bias = at::zeros({16});
  const Tensor x = varied({3, 16}).to(at::kBFloat16);
  EXPECT_TRUE(at::equal(norm(x), norm(x.to(at::kFloat))));
}

TEST(ComputeType, IsAScope) {
  EXPECT_FALSE(ComputeType::current());
  {
    const ComputeType outer(at::kBFloat16);
    {
      const ComputeType inner(at::kHalf);
      EXPECT_EQ(ComputeType::current(), at::kHalf);
    }
    EXPECT_EQ(ComputeType::current(), at::kBFloat16);
  }
  EXPECT_FALSE(ComputeType::current());
}

}  // namespace
}  // namespace luvit
