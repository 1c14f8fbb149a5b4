#include "luvit/models/layers.h"

namespace luvit {
namespace {

thread_local std::optional<at::ScalarType> compute_type;

Tensor cast(const Tensor& tensor, at::ScalarType type) {
  return tensor.defined() ? tensor.to(type) : tensor;
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
  const bool grouped = k.size(1) != q.size(1);
  return at::scaled_dot_product_attention(q, k, v, /*attn_mask=*/{}, /*dropout_p=*/0.0, /*is_causal=*/false,
                                          /*scale=*/std::nullopt, /*enable_gqa=*/grouped);
}

Tensor attention_weights(const Tensor& q, const Tensor& k) {
  const auto type = at::promote_types(q.scalar_type(), at::kFloat);
  const Tensor keys = k.size(1) == q.size(1) ? k : k.repeat_interleave(q.size(1) / k.size(1), 1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
  return at::softmax(at::matmul(q.to(type) * scale, keys.to(type).transpose(-2, -1)), -1);
}

}  // namespace luvit
