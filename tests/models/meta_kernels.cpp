// LibTorch has shapes without values for nearly all operators; for layer norm only Python brings them.
#include <torch/library.h>

namespace {

using at::Tensor;

Tensor statistics_of(const Tensor& x, c10::SymIntArrayRef normalised) {
  std::vector<std::int64_t> sizes = x.sizes().vec();
  for (std::size_t i = 0; i < normalised.size(); ++i) sizes[sizes.size() - 1 - i] = 1;
  return at::empty(sizes, x.options());
}

std::tuple<Tensor, Tensor, Tensor> layer_norm(const Tensor& x, c10::SymIntArrayRef normalised,
                                              const std::optional<Tensor>&, const std::optional<Tensor>&, double) {
  return {at::empty_like(x), statistics_of(x, normalised), statistics_of(x, normalised)};
}

std::tuple<Tensor, Tensor, Tensor> layer_norm_backward(const Tensor&, const Tensor& x, c10::SymIntArrayRef,
                                                       const Tensor&, const Tensor&,
                                                       const std::optional<Tensor>& weight,
                                                       const std::optional<Tensor>& bias, std::array<bool, 3> wanted) {
  return {wanted[0] ? at::empty_like(x) : Tensor(), wanted[1] ? at::empty_like(*weight) : Tensor(),
          wanted[2] ? at::empty_like(*bias) : Tensor()};
}

TORCH_LIBRARY_IMPL(aten, Meta, library) {
  library.impl("native_layer_norm", layer_norm);
  library.impl("native_layer_norm_backward", layer_norm_backward);
}

}  // namespace
