#pragma once
#include "luvit/models/llama_block.h"

namespace luvit {

// q, k and v straight from what L1 was given. With x = A·z + b, r = 1/rms(x) and g the norm's weight,
//   W·RMSNorm(x) = W·(g ⊙ (A·z + b))·r = (W·(g ⊙ [A b]))·(r·[z 1]):
// an [out,D] matrix for every token, after one product that makes it of W [out,dim]. LoRA is part of W, and gradients
// are autograd's. Fine-tuning LUViT/B on 128 images at once then does without a ninth of its work.
class FoldedInput {
 public:
  FoldedInput(const BlockInput& input, const LlamaBlock::RmsNorm& norm);
  Tensor operator()(const LoraLinear& projection) const;  // projection(norm(x)): [B,T,out]

  static bool pays(const BlockInput& input);

 private:
  Tensor rows_;     // r·[z 1]: [B,T,D], or some more with b
  Tensor columns_;  // (g ⊙ [A b])ᵀ: [D,dim]
};

}  // namespace luvit
