#include <ATen/ATen.h>

#include "attention_products.h"
#include "cpu_layers.h"
#include "luvit/models/layers.h"

namespace luvit {
namespace {

// ATen's flash kernel on the CPU works in a buffer for each thread, and products as small as those of narrow heads
// round by where the buffer lies. What is evaluated must not hang on the number of threads.
bool rounds_by_thread(const Tensor& q) {
  constexpr std::int64_t wide_enough = 16;  // up to 10, of 17 tokens, differences were found
  return q.is_cpu() && q.size(3) < wide_enough && !at::GradMode::is_enabled();
}

bool widens(const Tensor& x) {
  return x.is_cpu() && widens_products(x.scalar_type());
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v) {
  if (widens(q)) return attention(q.to(at::kFloat), k.to(at::kFloat), v.to(at::kFloat)).to(q.scalar_type());
  if (prefers_products(q, q.size(2)) || rounds_by_thread(q)) return attention_by_products(q, k, v);
  // What a GPU would do; left to itself, torch takes an unfused way there. (Of the fused operators this one asks for no
  // device, and meta_kernels.cpp has it.)
  if (q.is_meta()) return std::get<0>(at::_scaled_dot_product_flash_attention_for_cpu(q, k, v));
  const bool grouped = k.size(1) != q.size(1);
  return at::scaled_dot_product_attention(q, k, v, /*attn_mask=*/{}, /*dropout_p=*/0.0, /*is_causal=*/false,
                                          /*scale=*/std::nullopt, /*enable_gqa=*/grouped);
}

Tensor self_attention(const Tensor& qkv, std::int64_t heads) {
  if (widens(qkv)) return self_attention(qkv.to(at::kFloat), heads).to(qkv.scalar_type());
  if (prefers_products(qkv, qkv.size(1))) return self_attention_by_products(qkv, heads);
  const std::vector<Tensor> parts = split_heads(qkv, heads);
  return attention(parts[0], parts[1], parts[2]).transpose(1, 2).flatten(2);
}

std::vector<Tensor> split_heads(const Tensor& qkv, std::int64_t heads) {
  const auto batch = qkv.size(0), tokens = qkv.size(1), width = qkv.size(2) / 3;
  return qkv.view({batch, tokens, 3, heads, width / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
}

Tensor attention_weights(const Tensor& q, const Tensor& k) {
  const auto type = at::promote_types(q.scalar_type(), at::kFloat);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(3)));
  // Heads that share keys become rows of one product: [B,H,T,d], [B,KV,T,d] → [B,KV,(H/KV)·T,T].
  const Tensor rows = q.to(type).reshape({q.size(0), k.size(1), -1, q.size(3)}) * scale;
  const Tensor weights = at::softmax(at::matmul(rows, k.to(type).transpose(-2, -1)), -1);
  return weights.view({q.size(0), q.size(1), q.size(2), k.size(2)});
}

}  // namespace luvit
