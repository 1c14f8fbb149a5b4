#pragma once
#include <optional>

#include "luvit/models/module.h"

namespace luvit {

using at::Tensor;

// The type that matrix products run in (master weights stay float32), for a scope on this thread. Linear layers
// and attention cast their operands to it, everything else follows type promotion: residual streams stay
// float32, as under PyTorch's autocast, without autocast's hidden cache.
class ComputeType {
 public:
  explicit ComputeType(at::ScalarType type);
  ~ComputeType();
  ComputeType(const ComputeType&) = delete;
  ComputeType& operator=(const ComputeType&) = delete;
  // nullopt outside any scope: operands are used as they are (float64 in parity tests).
  static std::optional<at::ScalarType> current();

 private:
  std::optional<at::ScalarType> before_;
};

// x·Wᵀ + b in the compute type.
Tensor apply_linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// GELU(x)·Wᵀ + b likewise.
Tensor apply_gelu_linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
// silu(gate)·up
Tensor swiglu(const Tensor& gate, const Tensor& up);
// Its mean over the tokens from `first_token` on: [B,T,D] → [B,D].
Tensor swiglu_mean(const Tensor& gate, const Tensor& up, std::int64_t first_token);

// [B,1+L,D] without the class token, the first: the mean [B,D], in float32 at least.
Tensor mean_over_patches(const Tensor& tokens);

struct Linear : Module {
  Linear(std::int64_t in, std::int64_t out, bool has_bias = true, Role role = Role::trained);
  Tensor operator()(const Tensor& x) const { return apply_linear(x, weight, bias); }
  Tensor weight;  // [out, in]
  Tensor bias;    // [out], undefined without one
};

// eps is 1e-6 everywhere, as MAE's.
struct LayerNorm : Module {
  explicit LayerNorm(std::int64_t dim);
  Tensor operator()(const Tensor& x) const;
  Tensor weight, bias;
};

// softmax(q·kᵀ/√d)·v without a mask; q [B,H,T,d], k and v [B,KV,S,d] with KV dividing H.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v);
// The same of a packed projection [B,T,3·D]: [B,T,D].
Tensor self_attention(const Tensor& qkv, std::int64_t heads);
// [B,T,3·D] → q, k, v, each [B,H,T,D/H].
std::vector<Tensor> split_heads(const Tensor& qkv, std::int64_t heads);
// The matrix itself, after softmax, float32: [B,H,T,T].
Tensor attention_weights(const Tensor& q, const Tensor& k);

}  // namespace luvit
