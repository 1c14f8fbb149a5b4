#include "bfloat16_kernels.h"

#include <cmath>
#include <cstring>

namespace luvit {
namespace {

#define LUVIT_VECTOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define LUVIT_INLINE inline __attribute__((always_inline))

constexpr int width = kernel_width;
using Floats = float __attribute__((vector_size(4 * width)));
using Words = std::uint32_t __attribute__((vector_size(4 * width)));
using Halves = std::uint16_t __attribute__((vector_size(2 * width)));

LUVIT_INLINE Floats load(const float* from) {
  Floats v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

LUVIT_INLINE Floats load(const Bfloat16* from) {
  Halves v;
  std::memcpy(&v, from, sizeof v);
  return reinterpret_cast<Floats>(__builtin_convertvector(v, Words) << 16);
}

LUVIT_INLINE void store(float* to, Floats v) {
  std::memcpy(to, &v, sizeof v);
}

// To the nearest, ties to even; NaN stays NaN.
LUVIT_INLINE void store(Bfloat16* to, Floats v) {
  const Words bits = reinterpret_cast<Words>(v);
  const Words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const Halves halves = __builtin_convertvector(v != v ? Words{} + 0x7fc0 : rounded, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

LUVIT_INLINE float sum(Floats v) {
  float total = 0;
  for (int i = 0; i < width; ++i) total += v[i];
  return total;
}

}  // namespace

LUVIT_VECTOR void norm_forward(const Rows& rows, const float* weight, const float* bias, float eps, Bfloat16* y_all,
                               float* mean, float* inverse) {
  const std::int64_t n = rows.width;
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    const float* x = rows.data + r * n;
    Bfloat16* y = y_all + r * n;
    Floats total{}, squares{};
    for (std::int64_t i = 0; i < n; i += width) total += load(x + i);
    const float m = sum(total) / static_cast<float>(n);
    for (std::int64_t i = 0; i < n; i += width) {
      const Floats centred = load(x + i) - m;
      squares += centred * centred;
    }
    const float s = 1.0F / std::sqrt(sum(squares) / static_cast<float>(n) + eps);
    for (std::int64_t i = 0; i < n; i += width) store(y + i, (load(x + i) - m) * s * load(weight + i) + load(bias + i));
    mean[r] = m;
    inverse[r] = s;
  }
}

LUVIT_VECTOR void norm_backward(const Rows& rows, const Bfloat16* grad_all, const float* weight, const float* mean,
                                const float* inverse, float* grad_x_all, float* grad_weight, float* grad_bias) {
  const std::int64_t n = rows.width;
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    const float* x = rows.data + r * n;
    const Bfloat16* grad = grad_all + r * n;
    float* grad_x = grad_x_all + r * n;
    const float m = mean[r], s = inverse[r];
    Floats total{}, product{};
    for (std::int64_t i = 0; i < n; i += width) {
      const Floats normed = (load(x + i) - m) * s, g = load(grad + i), weighted = g * load(weight + i);
      total += weighted;
      product += weighted * normed;
      store(grad_weight + i, load(grad_weight + i) + g * normed);
      store(grad_bias + i, load(grad_bias + i) + g);
    }
    const float a = sum(total) / static_cast<float>(n), b = sum(product) / static_cast<float>(n);
    for (std::int64_t i = 0; i < n; i += width) {
      const Floats normed = (load(x + i) - m) * s;
      store(grad_x + i, (load(grad + i) * load(weight + i) - a - normed * b) * s);
    }
  }
}

}  // namespace luvit
