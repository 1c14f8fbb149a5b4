#include "../../src/models/attention_products.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "luvit/models/layers.h"

namespace luvit {
namespace {

double difference(const Tensor& got, const Tensor& expected) {
  return ((got.to(at::kDouble) - expected).abs().max() / expected.abs().max()).item<double>();
}

// ATen's attention in float64.
Tensor plain(const Tensor& q, const Tensor& k, const Tensor& v) {
  return at::scaled_dot_product_attention(q, k, v, {}, 0.0, false, std::nullopt, /*enable_gqa=*/true);
}

// Result and gradients of q, k, v against the plain twin's.
void compare(std::int64_t heads, std::int64_t shared, at::ScalarType type, double tolerance) {
  at::manual_seed(1);
  std::vector<Tensor> exact, fast;
  for (const std::int64_t h : {heads, shared, shared}) {
    const Tensor values = at::randn({2, h, 11, 8}).to(type);
    exact.push_back(values.to(at::kDouble).requires_grad_(true));
    fast.push_back(values.detach().requires_grad_(true));
  }
  const Tensor grad = at::randn({2, heads, 11, 8}).to(type);
  const Tensor expected = plain(exact[0], exact[1], exact[2]), got = attention_by_products(fast[0], fast[1], fast[2]);
  EXPECT_LE(difference(got, expected), tolerance);
  expected.backward(grad.to(at::kDouble));
  got.backward(grad);
  for (int i = 0; i < 3; ++i) EXPECT_LE(difference(fast[i].grad(), exact[i].grad()), tolerance) << "qkv"[i];
}

TEST(AttentionByProducts, EqualsAtens) {
  compare(4, 4, at::kDouble, 1e-12);
  compare(4, 4, at::kBFloat16, 0.02);
}

TEST(AttentionByProducts, SharesKeysAndValuesBetweenHeads) {
  compare(6, 2, at::kDouble, 1e-12);
  compare(6, 1, at::kBFloat16, 0.02);
}

TEST(AttentionByProducts, PackedProjectionsAreTheSame) {
  at::manual_seed(2);
  const Tensor a = at::randn({3, 7, 24}, at::kDouble).requires_grad_(true), b = a.detach().clone().requires_grad_(true);
  const Tensor grad = at::randn({3, 7, 8}, at::kDouble);
  const std::vector<Tensor> parts = split_heads(a, 2);
  const Tensor expected = plain(parts[0], parts[1], parts[2]).transpose(1, 2).flatten(2);
  const Tensor got = self_attention_by_products(b, 2);
  EXPECT_LE(difference(got, expected), 1e-12);
  expected.backward(grad);
  got.backward(grad);
  EXPECT_LE(difference(b.grad(), a.grad()), 1e-12);
}

}  // namespace
}  // namespace luvit
