#include "cpu_vector.h"

namespace luvit {
namespace {

// Φ(x) and φ(x)·x of the normal distribution share e^(−x²/2). Φ by Abramowitz and Stegun 7.1.26 (off by 1.5e-7 at
// most), as ATen's vectorised erf.
struct Normal {
  Floats below;    // Φ(x)
  Floats density;  // φ(x)
};

LUVIT_INLINE Normal normal(Floats x) {
  const Floats bell = exp(x * x * -0.5F);
  const Floats z = (x < 0.0F ? -x : x) * 0.707106781F;
  const Floats t = 1.0F / (z * 0.3275911F + 1.0F);
  Floats p = t * 1.061405429F - 1.453152027F;
  p = p * t + 1.421413741F;
  p = p * t - 0.284496736F;
  p = p * t + 0.254829592F;
  const Floats tail = p * t * bell * 0.5F;
  return {.below = x < 0.0F ? tail : 1.0F - tail, .density = bell * 0.398942280F};
}

LUVIT_INLINE Floats sigmoid(Floats x) {
  return 1.0F / (exp(-x) + 1.0F);
}

template <typename T>
LUVIT_INLINE void gelu(const T* x, T* y, std::int64_t n) {
  by_vector(
      n, [=](std::int64_t i, std::int64_t count) __attribute__((always_inline)) {
        const Floats v = load(x + i, count);
        store(y + i, v * normal(v).below, count);
      });
}

template <typename T>
LUVIT_INLINE void gelu_gradient(const T* x, T* grad, T* y, std::int64_t n) {
  by_vector(
      n, [=](std::int64_t i, std::int64_t count) __attribute__((always_inline)) {
        const Floats v = load(x + i, count);
        const Normal at = normal(v);
        store(y + i, v * at.below, count);
        store(grad + i, load(grad + i, count) * (at.below + v * at.density), count);
      });
}

template <typename T>
LUVIT_INLINE void swiglu(const T* gate, const T* up, T* y, std::int64_t n) {
  by_vector(
      n, [=](std::int64_t i, std::int64_t count) __attribute__((always_inline)) {
        const Floats g = load(gate + i, count);
        store(y + i, g * sigmoid(g) * load(up + i, count), count);
      });
}

template <typename T>
LUVIT_INLINE void swiglu_sum(const T* gate, const T* up, float* sum, std::int64_t n) {
  by_vector(
      n, [=](std::int64_t i, std::int64_t count) __attribute__((always_inline)) {
        const Floats g = load(gate + i, count);
        store(sum + i, load(sum + i, count) + g * sigmoid(g) * load(up + i, count), count);
      });
}

template <typename T>
LUVIT_INLINE void swiglu_gradient(const T* gate, const T* up, const T* grad, T* grad_gate, T* grad_up, std::int64_t n) {
  by_vector(
      n, [=](std::int64_t i, std::int64_t count) __attribute__((always_inline)) {
        const Floats g = load(gate + i, count), dy = load(grad + i, count), s = sigmoid(g), silu = g * s;
        store(grad_gate + i, dy * load(up + i, count) * (s + silu * (1.0F - s)), count);
        store(grad_up + i, dy * silu, count);
      });
}

}  // namespace

LUVIT_VECTOR void gelu_forward(const float* x, float* y, std::int64_t n) {
  gelu(x, y, n);
}
LUVIT_VECTOR void gelu_forward(const Bfloat16* x, Bfloat16* y, std::int64_t n) {
  gelu(x, y, n);
}
LUVIT_VECTOR void gelu_backward(const float* x, float* grad, float* y, std::int64_t n) {
  gelu_gradient(x, grad, y, n);
}
LUVIT_VECTOR void gelu_backward(const Bfloat16* x, Bfloat16* grad, Bfloat16* y, std::int64_t n) {
  gelu_gradient(x, grad, y, n);
}
LUVIT_VECTOR void swiglu_forward(const float* gate, const float* up, float* y, std::int64_t n) {
  swiglu(gate, up, y, n);
}
LUVIT_VECTOR void swiglu_forward(const Bfloat16* gate, const Bfloat16* up, Bfloat16* y, std::int64_t n) {
  swiglu(gate, up, y, n);
}
LUVIT_VECTOR void swiglu_add(const float* gate, const float* up, float* sum, std::int64_t n) {
  swiglu_sum(gate, up, sum, n);
}
LUVIT_VECTOR void swiglu_add(const Bfloat16* gate, const Bfloat16* up, float* sum, std::int64_t n) {
  swiglu_sum(gate, up, sum, n);
}
LUVIT_VECTOR void swiglu_backward(const float* gate, const float* up, const float* grad, float* grad_gate,
                                  float* grad_up, std::int64_t n) {
  swiglu_gradient(gate, up, grad, grad_gate, grad_up, n);
}
LUVIT_VECTOR void swiglu_backward(const Bfloat16* gate, const Bfloat16* up, const Bfloat16* grad, Bfloat16* grad_gate,
                                  Bfloat16* grad_up, std::int64_t n) {
  swiglu_gradient(gate, up, grad, grad_gate, grad_up, n);
}

}  // namespace luvit
