#pragma once
#include <cstdint>

namespace luvit {

// Loops over float32 and bfloat16 numbers, by the vector. No torch here: CMake compiles the .cpp with options of its
// own (-Wno-psabi: vectors pass between inlined functions only). All compute in float32 and round once, at the end.
using Bfloat16 = std::uint16_t;
constexpr std::int64_t kernel_width = 16;

// Rows first … last − 1 of a matrix.
struct Rows {
  const float* data;
  std::int64_t first, last, width;
};

// y = (x − mean)·inverse·weight + bias, with each row's mean and inverse = 1/√(variance + eps) kept. Rows are a
// multiple of kernel_width long.
void norm_forward(const Rows& x, const float* weight, const float* bias, float eps, Bfloat16* y, float* mean,
                  float* inverse);
// The gradient of x; those of weight and bias are added up over these rows.
void norm_backward(const Rows& x, const Bfloat16* grad, const float* weight, const float* mean, const float* inverse,
                   float* grad_x, float* grad_weight, float* grad_bias);

// Softmax of scale·x for `rows` rows of `width`, in place. scratch: width numbers, rounded up to kernel_width.
void softmax_rows(Bfloat16* x, std::int64_t rows, std::int64_t width, float scale, float* scratch);
// grad (of its result y) becomes that of x.
void softmax_backward_rows(const Bfloat16* y, Bfloat16* grad, std::int64_t rows, std::int64_t width, float scale);

// y = x·Φ(x), n numbers.
void gelu_forward(const float* x, float* y, std::int64_t n);
void gelu_forward(const Bfloat16* x, Bfloat16* y, std::int64_t n);
// y once more, and grad (of y) becomes that of x.
void gelu_backward(const float* x, float* grad, float* y, std::int64_t n);
void gelu_backward(const Bfloat16* x, Bfloat16* grad, Bfloat16* y, std::int64_t n);

// y = gate·σ(gate)·up.
void swiglu_forward(const float* gate, const float* up, float* y, std::int64_t n);
void swiglu_forward(const Bfloat16* gate, const Bfloat16* up, Bfloat16* y, std::int64_t n);
// sum += gate·σ(gate)·up.
void swiglu_add(const float* gate, const float* up, float* sum, std::int64_t n);
void swiglu_add(const Bfloat16* gate, const Bfloat16* up, float* sum, std::int64_t n);
void swiglu_backward(const float* gate, const float* up, const float* grad, float* grad_gate, float* grad_up,
                     std::int64_t n);
void swiglu_backward(const Bfloat16* gate, const Bfloat16* up, const Bfloat16* grad, Bfloat16* grad_gate,
                     Bfloat16* grad_up, std::int64_t n);

}  // namespace luvit
