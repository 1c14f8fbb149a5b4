#pragma once
#include <ATen/core/Tensor.h>

namespace luvit {

// Attention as two batched matrix products with the softmax between them, forward and backward. On CPUs with
// bfloat16 instructions this takes a third of the time of ATen's flash kernel (bench: `luvit_bench step`), whose
// backward pass works in small blocks there; the price is the matrix P, kept in bfloat16 for the backward pass.

// Whether attention() takes it: bfloat16 on such a CPU, and few tokens in float32.
bool prefers_products(const at::Tensor& x, std::int64_t tokens);

// q [B,H,T,d], k and v [B,KV,T,d], KV dividing H: [B,H,T,d].
at::Tensor attention_by_products(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);
// qkv [B,T,3·D] as a ViT block's projection makes it: [B,T,D].
at::Tensor self_attention_by_products(const at::Tensor& qkv, std::int64_t heads);

}  // namespace luvit
