#include "luvit/eval/analysis.h"

#include <ATen/ATen.h>

namespace luvit {

at::Tensor attention_entropy(const at::Tensor& attention) {
  return at::special_entr(attention).sum(-1).mean(1);
}

at::Tensor patch_norms(const at::Tensor& tokens) {
  return at::linalg_vector_norm(tokens.narrow(1, 1, tokens.size(1) - 1), 2, at::OptionalIntArrayRef({-1}));
}

}  // namespace luvit
