#include "luvit/models/layers.h"

#include "cpu_layers.h"

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
  if (prefers_cpu_linear(x, compute_type.value_or(x.scalar_type())))
    return linear_on_cpu(x, weight, bias, compute_type.value_or(x.scalar_type()));
  if (!compute_type) return at::linear(x, weight, bias);
  return at::linear(cast(x, *compute_type), cast(weight, *compute_type), cast(bias, *compute_type));
}

Tensor apply_gelu_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const at::ScalarType type = compute_type.value_or(x.scalar_type());
  return prefers_cpu_linear(x, type) ? gelu_linear_on_cpu(x, weight, bias, type)
                                     : apply_linear(at::gelu(x), weight, bias);
}

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  return prefers_cpu_swiglu(gate) ? swiglu_on_cpu(gate, up) : at::silu(gate) * up;
}

Tensor swiglu_mean(const Tensor& gate, const Tensor& up, std::int64_t first_token) {
  if (prefers_cpu_swiglu(gate)) return swiglu_mean_on_cpu(gate, up, first_token);
  return swiglu(gate, up).narrow(1, first_token, gate.size(1) - first_token).mean(1);
}

Tensor mean_over_patches(const Tensor& tokens) {
  const Tensor patches = tokens.narrow(1, 1, tokens.size(1) - 1);
  return patches.mean(1, /*keepdim=*/false, at::promote_types(tokens.scalar_type(), at::kFloat));
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
