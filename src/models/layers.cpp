#include "luvit/models/layers.h"

#include "bfloat16_layers.h"

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
  if (prefers_bfloat16_linear(x, *compute_type)) return linear_in_bfloat16(x, weight, bias);
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
  if (prefers_bfloat16_norm(x, compute_type)) return layer_norm_to_bfloat16(x, weight, bias, /*eps=*/1e-6);
  return at::layer_norm(x.to(weight.scalar_type()), weight.sizes(), weight, bias, /*eps=*/1e-6);
}

}  // namespace luvit
