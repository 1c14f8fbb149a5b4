#pragma once
#include <cstdint>

namespace luvit {

// Loops over float32 and bfloat16 rows, by the vector. No torch here: CMake compiles the .cpp with options of its own
// (-Wno-psabi: vectors pass between inlined functions only).
using Bfloat16 = std::uint16_t;
constexpr std::int64_t kernel_width = 16;  // rows are a multiple of this long

// Rows first … last − 1 of a matrix.
struct Rows {
  const float* data;
  std::int64_t first, last, width;
};

// y = (x − mean)·inverse·weight + bias, with each row's mean and inverse = 1/√(variance + eps) kept.
void norm_forward(const Rows& x, const float* weight, const float* bias, float eps, Bfloat16* y, float* mean,
                  float* inverse);
// The gradient of x; those of weight and bias are added up over these rows.
void norm_backward(const Rows& x, const Bfloat16* grad, const float* weight, const float* mean, const float* inverse,
                   float* grad_x, float* grad_weight, float* grad_bias);

}  // namespace luvit
