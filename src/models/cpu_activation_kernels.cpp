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
LUVIT_INLINE void gelu_loop(const T* x, T* y, std::int64_t n) {
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    const Floats v = load(x + i);
    store(y + i, v * normal(v).below);
  }
  if (i == n) return;
  const Floats v = load_part(x + i, n - i);
  store_part(y + i, v * normal(v).below, n - i);
}

template <typename T>
LUVIT_INLINE void gelu_backward_loop(const T* x, T* grad, T* y, std::int64_t n) {
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    const Floats v = load(x + i);
    const Normal at = normal(v);
    store(y + i, v * at.below);
    store(grad + i, load(grad + i) * (at.below + v * at.density));
  }
  if (i == n) return;
  const Floats v = load_part(x + i, n - i);
  const Normal at = normal(v);
  store_part(y + i, v * at.below, n - i);
  store_part(grad + i, load_part(grad + i, n - i) * (at.below + v * at.density), n - i);
}

template <typename T>
LUVIT_INLINE void swiglu_loop(const T* gate, const T* up, T* y, std::int64_t n) {
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    const Floats g = load(gate + i);
    store(y + i, g * sigmoid(g) * load(up + i));
  }
  if (i == n) return;
  const Floats g = load_part(gate + i, n - i);
  store_part(y + i, g * sigmoid(g) * load_part(up + i, n - i), n - i);
}

struct GateAndUp {
  Floats gate, up;
};

LUVIT_INLINE GateAndUp swiglu_gradients(Floats gate, Floats up, Floats grad) {
  const Floats s = sigmoid(gate), silu = gate * s;
  return {.gate = grad * up * (s + silu * (1.0F - s)), .up = grad * silu};
}

template <typename T>
LUVIT_INLINE void swiglu_backward_loop(const T* gate, const T* up, const T* grad, T* grad_gate, T* grad_up,
                                       std::int64_t n) {
  std::int64_t i = 0;
  for (; i + width <= n; i += width) {
    const GateAndUp out = swiglu_gradients(load(gate + i), load(up + i), load(grad + i));
    store(grad_gate + i, out.gate);
    store(grad_up + i, out.up);
  }
  if (i == n) return;
  const std::int64_t rest = n - i;
  const GateAndUp out = swiglu_gradients(load_part(gate + i, rest), load_part(up + i, rest), load_part(grad + i, rest));
  store_part(grad_gate + i, out.gate, rest);
  store_part(grad_up + i, out.up, rest);
}

}  // namespace

LUVIT_VECTOR void gelu_forward(const float* x, float* y, std::int64_t n) {
  gelu_loop(x, y, n);
}
LUVIT_VECTOR void gelu_forward(const Bfloat16* x, Bfloat16* y, std::int64_t n) {
  gelu_loop(x, y, n);
}
LUVIT_VECTOR void gelu_backward(const float* x, float* grad, float* y, std::int64_t n) {
  gelu_backward_loop(x, grad, y, n);
}
LUVIT_VECTOR void gelu_backward(const Bfloat16* x, Bfloat16* grad, Bfloat16* y, std::int64_t n) {
  gelu_backward_loop(x, grad, y, n);
}
LUVIT_VECTOR void swiglu_forward(const float* gate, const float* up, float* y, std::int64_t n) {
  swiglu_loop(gate, up, y, n);
}
LUVIT_VECTOR void swiglu_forward(const Bfloat16* gate, const Bfloat16* up, Bfloat16* y, std::int64_t n) {
  swiglu_loop(gate, up, y, n);
}
LUVIT_VECTOR void swiglu_backward(const float* gate, const float* up, const float* grad, float* grad_gate,
                                  float* grad_up, std::int64_t n) {
  swiglu_backward_loop(gate, up, grad, grad_gate, grad_up, n);
}
LUVIT_VECTOR void swiglu_backward(const Bfloat16* gate, const Bfloat16* up, const Bfloat16* grad, Bfloat16* grad_gate,
                                  Bfloat16* grad_up, std::int64_t n) {
  swiglu_backward_loop(gate, up, grad, grad_gate, grad_up, n);
}

}  // namespace luvit
