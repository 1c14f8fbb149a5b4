#pragma once
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <optional>

namespace luvit {

// Layers on CPUs, in float32 and bfloat16. What they compute is what ATen's operators (with casts around them) would;
// what they save is time in the matrix product, passes over memory, and memory: activations are computed twice rather
// than kept.

bool has_vectors();                // AVX2
bool has_wide_vectors();           // AVX-512
bool has_bfloat16_instructions();  // AVX512_BF16

// Whether a CPU's matrix products of this type are better computed in float32 and rounded: bfloat16 without
// instructions for it, where ATen's take eight times as long. The result is what the instructions would give.
bool widens_products(at::ScalarType type);

// x·Wᵀ + b in `compute`, x and W cast where they are not. With 512-bit vectors it is oneDNN's product, which adds the
// bias inside. (ATen takes MKL's for float32, slower on AMD's processors with such vectors and faster on those without,
// and for bfloat16 first writes the bias all over the result.)
bool prefers_cpu_linear(const at::Tensor& x, at::ScalarType compute);
at::Tensor linear_on_cpu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::ScalarType compute);
// GELU(x)·Wᵀ + b; the backward pass computes GELU(x) again.
at::Tensor gelu_linear_on_cpu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                              at::ScalarType compute);

// silu(gate)·up, both float32 or both bfloat16.
bool prefers_cpu_swiglu(const at::Tensor& gate);
at::Tensor swiglu_on_cpu(const at::Tensor& gate, const at::Tensor& up);
// Its mean over the tokens from `first_token` on: [B,T,D] → [B,D], added up in float32.
at::Tensor swiglu_mean_on_cpu(const at::Tensor& gate, const at::Tensor& up, std::int64_t first_token);

// Layer norm of float32 rows, rounded to bfloat16 for the linear layer that reads them; the backward pass takes that
// layer's bfloat16 gradient as it is.
bool prefers_bfloat16_norm(const at::Tensor& x, std::optional<at::ScalarType> compute);
at::Tensor layer_norm_to_bfloat16(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);

// Softmax of scale·x over the last dimension of a contiguous bfloat16 tensor, in place; and from its result and that
// one's gradient the gradient of x, in the latter's place.
void softmax_in_place(const at::Tensor& x, double scale);
void softmax_backward_in_place(const at::Tensor& result, const at::Tensor& grad, double scale);

// Cut into as many pieces as there are threads, so that sums over rows come out the same on every run:
// work(piece, first, last).
template <typename Work>
void over_pieces(std::int64_t count, const Work& work) {
  const std::int64_t pieces = at::get_num_threads();
  at::parallel_for(0, pieces, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) work(i, count * i / pieces, count * (i + 1) / pieces);
  });
}

}  // namespace luvit
