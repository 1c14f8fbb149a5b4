#include "luvit/core/error.h"
#include "luvit/models/dropout.h"
#include "luvit/models/llama_block.h"

namespace luvit {

LoraLinear::LoraLinear(std::int64_t in, std::int64_t out, bool has_bias, std::int64_t rank, double alpha,
                       double dropout_)
    : dropout(dropout_) {
  add("weight", weight, {out, in}, Role::frozen);
  if (has_bias) add("bias", bias, {out}, Role::frozen);
  if (rank == 0) return;
  scale = alpha / static_cast<double>(rank);
  add("lora_A.weight", lora_A, {rank, in});
  add("lora_B.weight", lora_B, {out, rank});
}

Tensor LoraLinear::operator()(const Tensor& x) const {
  return adapted(apply_linear(x, weight, bias), x);
}

Tensor LoraLinear::without_bias(const Tensor& x) const {
  return adapted(apply_linear(x, weight), x);
}

Tensor LoraLinear::adapted(const Tensor& y, const Tensor& x) const {
  if (!has_lora()) return y;
  if (!drops()) return at::add(y, apply_linear(apply_linear(x, lora_A), lora_B), scale);
  DropoutDraws* draws = DropoutDraws::current();
  if (!draws) throw RunError("model.fusion.lora.dropout is above 0, but this training step has no dropout draws");
  const Tensor path = apply_linear(apply_linear(x * draws->mask_like(x, dropout), lora_A), lora_B);
  return at::add(y, path, scale / (1.0 - dropout));
}

}  // namespace luvit
