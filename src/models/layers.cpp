#include "luvit/models/layers.h"

namespace luvit {
namespace {

thread_local std::optional<at::ScalarType> compute_type;

Tensor cast(const Tensor& tensor, at::ScalarType type) {
  return tensor.defined() ? tensor.to(type) : tensor;
}

// q·kᵀ/√d. Heads that share keys become rows of one product: [B,H,T,d], [B,KV,S,d] → [B,KV,(H/KV)·T,S].
Tensor scores(const Tensor& q, const Tensor& k) {
  const Tensor rows = q.reshape({q.size(0), k.size(1), -1, q.size(3)});
  return at::matmul(rows * (1.0 / std::sqrt(static_cast<double>(q.size(3)))), k.transpose(-2, -1));
}

// ATen's fused attention is the default. On CPUs it takes twice the time of the written-out products in bfloat16, and
// on meta it has no kernel.
bool written_out(const Tensor& q) {
  return q.is_meta() || (q.is_cpu() && at::isReducedFloatingType(q.scalar_type()));
}

}  // namespace

ComputeType::ComputeType(at::ScalarType type) : before_(compute_type) {
  compute_type = type;
}
ComputeType::~ComputeType() {
  compute_type = before_;
}
std::optional<at::ScalarType> ComputeType::current() {
  return compute_type;
}

Tensor apply_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (!compute_type) return at::linear(x, weight, bias);
  return at::linear(cast(x, *compute_type), cast(weight, *compute_type), cast(bias, *compute_type));
}

Linear::Linear(std::int64_t in, std::int64_t out, bool has_bias, Role role) {
  add("weight", weight, {out, in}, role);
  if (has_bias) add("bias", bias, {out}, role);
}

LayerNorm::LayerNorm(std::int64_t dim) {
  add("weight", weight, {dim});
  add("bias", bias, {dim});
}

Tensor LayerNorm::operator()(const Tensor& x) const {
  return at::layer_norm(x.to(weight.scalar_type()), weight.sizes(), weight, bias, /*eps=*/1e-6);
}

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v) {
  if (written_out(q)) return at::matmul(at::softmax(scores(q, k), -1), v).view_as(q);
  return at::scaled_dot_product_attention(q, k, v, /*attn_mask=*/{}, /*dropout_p=*/0.0, /*is_causal=*/false,
                                          /*scale=*/std::nullopt, /*enable_gqa=*/k.size(1) != q.size(1));
}

Tensor attention_weights(const Tensor& q, const Tensor& k) {
  const auto type = at::promote_types(q.scalar_type(), at::kFloat);
  const auto tokens = k.size(2);
  return at::softmax(scores(q.to(type), k.to(type)), -1).view({q.size(0), q.size(1), q.size(2), tokens});
}

}  // namespace luvit
