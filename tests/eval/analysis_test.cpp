#include "luvit/eval/analysis.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <complex>

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

TEST(AttentionEntropy, WithoutTheClassTokensKeyIsOfTheRestAlone) {
  // Half of each row is the class token's; the rest is even.
  at::Tensor row = at::full({1, 2, 5, 5}, 0.125f);
  row.select(-1, 0).fill_(0.5f);
  EXPECT_NEAR(attention_entropy_of_patches(row).max().item<double>(), std::log(4.0), 1e-6);
  EXPECT_NEAR(attention_entropy_of_patches(row).min().item<double>(), std::log(4.0), 1e-6);
  EXPECT_NEAR(attention_entropy(row)[0][0].item<double>(), 0.5 * std::log(2.0) + 0.5 * std::log(8.0), 1e-6);
  row.zero_();
  row.select(-1, 0).fill_(1);
  EXPECT_TRUE(attention_entropy_of_patches(row).eq(0).all().item<bool>());
}

// By its definition, for one image: token by token, bin by bin.
std::vector<double> frequencies_by_hand(const at::Tensor& tokens) {
  const std::int64_t n = tokens.size(0), width = tokens.size(1);
  std::vector<std::vector<double>> phase(n, std::vector<double>(width));
  std::vector<double> mean(width), out;
  for (std::int64_t t = 0; t < n; ++t)
    for (std::int64_t k = 0; k < width; ++k) {
      std::complex<double> sum = 0;
      for (std::int64_t c = 0; c < width; ++c)
        sum += tokens[t][c].item<double>() *
               std::polar(1.0, -2 * M_PI * static_cast<double>(k * c) / static_cast<double>(width));
      if (std::abs(sum.imag()) < 1e-9) sum = {sum.real(), 0.0};
      phase[t][k] = std::arg(sum);
      mean[k] += phase[t][k] / static_cast<double>(n);
    }
  for (std::int64_t t = 0; t < n; ++t) {
    double squares = 0;
    for (std::int64_t k = 0; k < width; ++k) squares += std::pow(phase[t][k] - mean[k], 2);
    out.push_back(std::sqrt(squares));
  }
  return out;
}

TEST(PseudoMasks, AreDistancesFromTheMeanToken) {
  const at::Tensor tokens = at::sin(at::arange(2 * 6 * 8, at::kDouble) * 1.3).to(at::kFloat).view({2, 6, 8});
  const at::Tensor magnitude = token_magnitudes(tokens), frequency = token_frequencies(tokens);
  ASSERT_EQ(magnitude.sizes(), at::IntArrayRef({2, 5}));
  for (std::int64_t image = 0; image < 2; ++image) {
    const at::Tensor patches = tokens[image].narrow(0, 1, 5).to(at::kDouble), mean = patches.mean(0);
    const std::vector<double> expected = frequencies_by_hand(patches);
    for (std::int64_t i = 0; i < 5; ++i) {
      EXPECT_NEAR(magnitude[image][i].item<double>(), (patches[i] - mean).norm().item<double>(), 1e-12);
      EXPECT_NEAR(frequency[image][i].item<double>(), expected[static_cast<std::size_t>(i)], 1e-9);
    }
  }
}

TEST(PseudoMasks, PhasesOfRealBinsAreZeroOrPi) {
  // Tokens with nothing but a constant have real spectra: −1 against 1 is π apart in bin 0, whatever the sign of zero.
  const at::Tensor tokens = at::tensor({0.0f, 0.0f, 1.0f, 1.0f, -1.0f, -1.0f}).view({1, 3, 2});
  const at::Tensor frequency = token_frequencies(tokens);
  EXPECT_NEAR(frequency[0][0].item<double>(), M_PI / 2, 1e-12);
  EXPECT_NEAR(frequency[0][1].item<double>(), M_PI / 2, 1e-12);
  EXPECT_TRUE(token_frequencies(at::ones({1, 4, 6})).eq(0).all().item<bool>());
}

TEST(PatchNorms, LeaveTheClassTokenOut) {
  const at::Tensor tokens = at::tensor({100.0f, 100.0f, 3.0f, 4.0f, 0.0f, 0.0f}).view({1, 3, 2});
  EXPECT_TRUE(at::equal(patch_norms(tokens), at::tensor({5.0f, 0.0f}).view({1, 2})));
}

}  // namespace
}  // namespace luvit
