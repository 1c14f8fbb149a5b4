#include "luvit/eval/analysis.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace luvit {
namespace {

TEST(AttentionEntropy, UniformAttentionHasTheLogarithmOfItsLength) {
  const at::Tensor entropy = attention_entropy(at::full({2, 3, 197, 197}, 1.0f / 197));
  EXPECT_EQ(entropy.sizes(), at::IntArrayRef({2, 197}));
  EXPECT_NEAR(entropy.min().item<double>(), std::log(197.0), 1e-5);
  EXPECT_NEAR(entropy.max().item<double>(), std::log(197.0), 1e-5);
}

TEST(AttentionEntropy, AttentionToOneTokenHasNone) {
  const at::Tensor entropy = attention_entropy(at::eye(5).expand({1, 2, 5, 5}));
  EXPECT_TRUE(entropy.eq(0).all().item<bool>());
}

TEST(AttentionEntropy, IsTheMeanOverHeadsNotThatOfTheMean) {
  // Two heads that look at one token each: no entropy, though their mean looks at two.
  const at::Tensor heads = at::stack({at::eye(2), at::eye(2).flip(0)}).unsqueeze(0);
  EXPECT_TRUE(attention_entropy(heads).eq(0).all().item<bool>());
  const at::Tensor mixed = at::stack({at::eye(2), at::full({2, 2}, 0.5f)}).unsqueeze(0);
  EXPECT_NEAR(attention_entropy(mixed)[0][0].item<double>(), std::log(2.0) / 2, 1e-6);
}

TEST(PatchNorms, LeaveTheClassTokenOut) {
  const at::Tensor tokens = at::tensor({100.0f, 100.0f, 3.0f, 4.0f, 0.0f, 0.0f}).view({1, 3, 2});
  EXPECT_TRUE(at::equal(patch_norms(tokens), at::tensor({5.0f, 0.0f}).view({1, 2})));
}

}  // namespace
}  // namespace luvit
