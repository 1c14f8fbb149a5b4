#include "luvit/eval/analysis.h"

#include <ATen/ATen.h>

namespace luvit {
namespace {

at::Tensor patches_of(const at::Tensor& tokens) {
  return tokens.narrow(1, 1, tokens.size(1) - 1);
}

at::Tensor length(const at::Tensor& vectors) {
  return at::linalg_vector_norm(vectors, 2, at::OptionalIntArrayRef({-1}));
}

// [B,L,…] → [B,L]: how far each is from the mean over L.
at::Tensor distance_from_mean(const at::Tensor& vectors) {
  return length(vectors - vectors.mean(1, /*keepdim=*/true));
}

}  // namespace

at::Tensor attention_entropy(const at::Tensor& attention) {
  return at::special_entr(attention).sum(-1).mean(1);
}

// With s = Σ p over the patches: −Σ (p/s)·log(p/s) = (−Σ p·log p)/s + log s.
at::Tensor attention_entropy_of_patches(const at::Tensor& attention) {
  const at::Tensor patches = attention.narrow(-1, 1, attention.size(-1) - 1);
  const at::Tensor sum = patches.sum(-1), entropy = at::special_entr(patches).sum(-1) / sum + sum.log();
  return at::where(sum > 0, entropy, at::zeros({}, entropy.options())).mean(1);
}

at::Tensor patch_norms(const at::Tensor& tokens) {
  return length(patches_of(tokens));
}

at::Tensor token_magnitudes(const at::Tensor& tokens) {
  return distance_from_mean(patches_of(tokens).to(at::kDouble));
}

at::Tensor token_frequencies(const at::Tensor& tokens) {
  const at::Tensor spectrum = at::fft_fft(patches_of(tokens).to(at::kDouble));
  return distance_from_mean(at::atan2(at::imag(spectrum) + 0.0, at::real(spectrum) + 0.0));  // −0 + 0 = 0
}

}  // namespace luvit
