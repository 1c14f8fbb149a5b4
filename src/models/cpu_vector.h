#pragma once
#include <cstdint>
#include <cstring>

#include "cpu_kernels.h"

// What the kernels are made of: sixteen float32 numbers at a time, by the compiler's vector extension.
namespace luvit {

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

// The first n ≤ width numbers, the rest zero.
template <typename T>
LUVIT_INLINE Floats load(const T* from, std::int64_t n) {
  if (n == width) return load(from);
  T padded[width] = {};
  std::memcpy(padded, from, static_cast<std::size_t>(n) * sizeof(T));
  return load(padded);
}

template <typename T>
LUVIT_INLINE void store(T* to, Floats v, std::int64_t n) {
  if (n == width) return store(to, v);
  T padded[width];
  store(padded, v);
  std::memcpy(to, padded, static_cast<std::size_t>(n) * sizeof(T));
}

// work(i, count) for the vectors that n numbers fill; the last may have fewer than `width`. Work's call must be
// LUVIT_INLINE, so that it is compiled for the vectors of the function it stands in.
template <typename Work>
LUVIT_INLINE void by_vector(std::int64_t n, const Work& work) {
  std::int64_t i = 0;
  for (; i + width <= n; i += width) work(i, width);
  if (i < n) work(i, n - i);
}

LUVIT_INLINE float sum(Floats v) {
  float total = 0;
  for (int i = 0; i < width; ++i) total += v[i];
  return total;
}

// eˣ to about 1 ulp for −87 ≤ x ≤ 88, beyond that as at these ends: 2ⁿ times a polynomial on |r| ≤ ln 2 / 2. (Cody and
// Waite's split of ln 2; the polynomial is Taylor's to degree 7.)
LUVIT_INLINE Floats exp(Floats x) {
  x = x < -87.0F ? Floats{} - 87.0F : x;
  x = x > 88.0F ? Floats{} + 88.0F : x;
  const Floats shifted = x * 1.44269504F + 12582912.0F;  // 1.5·2²³: the integer lands in the low bits
  const Floats n = shifted - 12582912.0F;
  const Floats r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  Floats p = r * 1.98412698e-4F + 1.38888889e-3F;
  p = p * r + 8.33333333e-3F;
  p = p * r + 4.16666667e-2F;
  p = p * r + 1.66666667e-1F;
  p = p * r + 0.5F;
  p = p * r * r + r + 1.0F;
  const Words power = (reinterpret_cast<Words>(shifted) + 127) << 23;
  return p * reinterpret_cast<Floats>(power);
}

}  // namespace luvit
