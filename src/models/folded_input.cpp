#include "folded_input.h"

#include <ATen/ATen.h>

namespace luvit {
namespace {

// 1/rms(x), [B,T,1]; in float32 at least, as the norm.
Tensor inverse_rms(const Tensor& x, double eps) {
  const at::ScalarType type = at::promote_types(x.scalar_type(), at::kFloat);
  const Tensor length = at::linalg_vector_norm(x, /*ord=*/2, /*dim=*/{-1}, /*keepdim=*/true, type);
  return (length.square() / static_cast<double>(x.size(-1)) + eps).rsqrt();
}

// Matrices of bfloat16 are fastest with rows of whole 16 bytes.
std::int64_t missing_to_eight(std::int64_t size) {
  return (8 - size % 8) % 8;
}

}  // namespace

FoldedInput::FoldedInput(const BlockInput& input, const LlamaBlock::RmsNorm& norm) {
  const Tensor scale = inverse_rms(input.x, norm.eps);
  rows_ = input.z * scale;
  columns_ = input.layer->weight.t();
  if (input.layer->bias.defined()) {
    const std::int64_t zeros = missing_to_eight(columns_.size(0) + 1);
    rows_ = at::constant_pad_nd(at::cat({rows_, scale}, -1), {0, zeros});
    columns_ = at::constant_pad_nd(at::cat({columns_, input.layer->bias.unsqueeze(0)}), {0, 0, 0, zeros});
  }
  rows_ = rows_.to(input.x.scalar_type());  // once for q, k and v
  if (norm.weight.defined()) columns_ = columns_ * norm.weight.to(input.x.scalar_type());
}

Tensor FoldedInput::operator()(const LoraLinear& projection) const {
  return apply_linear(rows_, projection.without_bias(columns_).t(), projection.bias);
}

bool FoldedInput::pays(const BlockInput& input) {
  return input.layer && folding_pays(input.z.numel() / input.z.size(-1), input.z.size(-1), input.x.size(-1));
}

}  // namespace luvit
