#pragma once
#include <ATen/core/Tensor.h>

namespace luvit {

// Entropy of each row of attention [B,H,T,T] (after softmax) in nats, −Σ p·log p with 0·log 0 = 0, then the mean over
// heads: [B,T]. Not the entropy of the mean attention (paper, appendix A.1).
at::Tensor attention_entropy(const at::Tensor& attention);

// L2 norm of each patch token of the last ViT block's output [B,1+L,D]: [B,L].
at::Tensor patch_norms(const at::Tensor& tokens);

}  // namespace luvit
