#include "luvit/models/meta_kernels.h"

#include <ATen/ATen.h>
#include <torch/library.h>

namespace luvit {
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;

// One float32 number for each normalised row.
Tensor statistics_of(const Tensor& x, c10::SymIntArrayRef normalised) {
  std::vector<std::int64_t> sizes = x.sizes().vec();
  for (std::size_t i = 0; i < normalised.size(); ++i) sizes[sizes.size() - 1 - i] = 1;
  return at::empty(sizes, x.options().dtype(at::promote_types(x.scalar_type(), at::kFloat)));
}

Tensor gradient_of(const Tensor& x, bool wanted) {
  return wanted ? at::empty_like(x) : Tensor();
}

std::tuple<Tensor, Tensor, Tensor> layer_norm(const Tensor& x, c10::SymIntArrayRef normalised, const Optional&,
                                              const Optional&, double) {
  return {at::empty_like(x), statistics_of(x, normalised), statistics_of(x, normalised)};
}

std::tuple<Tensor, Tensor, Tensor> layer_norm_backward(const Tensor&, const Tensor& x, c10::SymIntArrayRef,
                                                       const Tensor&, const Tensor&, const Optional& weight,
                                                       const Optional& bias, std::array<bool, 3> wanted) {
  return {gradient_of(x, wanted[0]), gradient_of(weight.value_or(Tensor()), wanted[1]),
          gradient_of(bias.value_or(Tensor()), wanted[2])};
}

std::tuple<Tensor, Tensor> rms_norm(const Tensor& x, at::IntArrayRef normalised, const Optional&,
                                    std::optional<double>) {
  return {at::empty_like(x), statistics_of(x, c10::fromIntArrayRefSlow(normalised))};
}

std::tuple<Tensor, Tensor> rms_norm_backward(const Tensor&, const Tensor& x, at::IntArrayRef, const Tensor&,
                                             const Optional& weight, std::array<bool, 2> wanted) {
  return {gradient_of(x, wanted[0]), gradient_of(weight.value_or(Tensor()), wanted[1])};
}

// Fused attention keeps the heads and one number a row, not the matrix of weights.
std::tuple<Tensor, Tensor> attention(const Tensor& q, const Tensor&, const Tensor& v, double, bool, const Optional&,
                                     std::optional<double>) {
  const auto batch = q.size(0), heads = q.size(1), rows = q.size(2);
  return {at::empty({batch, rows, heads, v.size(3)}, q.options()).transpose(1, 2),
          at::empty({batch, heads, rows}, q.options().dtype(at::promote_types(q.scalar_type(), at::kFloat)))};
}

std::tuple<Tensor, Tensor, Tensor> attention_backward(const Tensor&, const Tensor& q, const Tensor& k, const Tensor& v,
                                                      const Tensor&, const Tensor&, double, bool, const Optional&,
                                                      std::optional<double>) {
  return {at::empty_like(q), at::empty_like(k), at::empty_like(v)};
}

Tensor smooth_l1_backward(const Tensor&, const Tensor& x, const Tensor&, std::int64_t, double) {
  return at::empty_like(x);
}

Tensor mse_backward(const Tensor&, const Tensor& x, const Tensor&, std::int64_t) {
  return at::empty_like(x);
}

// For operators that work in place.
void do_nothing(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
  torch::jit::drop(*stack, operation.schema().arguments().size());
}

}  // namespace

void add_meta_kernels() {
  static const auto added = [] {
    torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
    library.impl("native_layer_norm", layer_norm);
    library.impl("native_layer_norm_backward", layer_norm_backward);
    library.impl("_fused_rms_norm", rms_norm);
    library.impl("_fused_rms_norm_backward", rms_norm_backward);
    library.impl("_scaled_dot_product_flash_attention_for_cpu", attention);
    library.impl("_scaled_dot_product_flash_attention_for_cpu_backward", attention_backward);
    library.impl("smooth_l1_loss_backward", smooth_l1_backward);
    library.impl("mse_loss_backward", mse_backward);
    library.impl("_fused_adamw_", torch::CppFunction::makeFromBoxedFunction<&do_nothing>());
    return library;
  }();
}

}  // namespace luvit
