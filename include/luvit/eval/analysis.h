#pragma once
#include <ATen/core/Tensor.h>

namespace luvit {

// Maps over the tokens of a pass. B images, T = 1+L tokens (the class token first), D channels, H heads.

// Entropy of each row of attention [B,H,T,T] (after softmax) in nats, −Σ p·log p with 0·log 0 = 0, then the mean over
// heads: [B,T]. Not the entropy of the mean attention (paper, appendix A.1).
at::Tensor attention_entropy(const at::Tensor& attention);
// The same over the patches' keys alone, their weights made to sum to one again; a row that looks at nothing but the
// class token has none.
at::Tensor attention_entropy_of_patches(const at::Tensor& attention);

// L2 norm of each patch token of the last ViT block's output [B,T,D]: [B,L].
at::Tensor patch_norms(const at::Tensor& tokens);

// What Pang et al.'s pseudo-masks are cut from (their appendix A.3): how far each patch token is from the mean over all
// patches of its image, of tokens [B,T,D]: float64 [B,L].
// L2 norm of the difference of the tokens;
at::Tensor token_magnitudes(const at::Tensor& tokens);
// of the phases of their Fourier transforms along the channels, all D of them, in (−π, π] and neither unwrapped nor
// taken around the circle; where the imaginary part is ±0 the phase is 0 or π.
at::Tensor token_frequencies(const at::Tensor& tokens);

}  // namespace luvit
