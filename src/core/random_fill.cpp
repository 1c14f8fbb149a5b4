// Random numbers by the vector: `width` Philox blocks side by side in arrays that the compiler turns into registers.
// CMake compiles this file with -ffp-contract=off, so that a processor with fused multiply-add draws the same bits as
// one without.
#include <bit>
#include <cstring>

#include "luvit/core/random.h"
#include "philox.h"

namespace luvit {
namespace {

constexpr int width = 16;
struct Lanes {
  alignas(64) std::uint32_t word[4][width];
};

// Plain x86-64 has no 32-bit vector product worth using; the loader picks the best of these. (It does so before a
// sanitizer is ready for it.)
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LUVIT_VECTOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LUVIT_VECTOR
#endif

LUVIT_VECTOR void philox_lanes(Lanes& out, const std::uint32_t* counter, const std::uint32_t* key) {
  const std::uint64_t block = static_cast<std::uint64_t>(counter[1]) << 32 | counter[0];
  for (int i = 0; i < width; ++i) {
    const std::uint64_t at = block + static_cast<std::uint64_t>(i);
    std::uint32_t c0 = static_cast<std::uint32_t>(at), c1 = static_cast<std::uint32_t>(at >> 32);
    std::uint32_t c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < philox_rounds; ++round) philox_round(c0, c1, c2, c3, k0, k1);
    out.word[0][i] = c0, out.word[1][i] = c1, out.word[2][i] = c2, out.word[3][i] = c3;
  }
}

inline float unit(std::uint32_t bits) {
  return static_cast<float>(static_cast<std::int32_t>(bits >> 8)) * 0x1p-24f;
}

LUVIT_VECTOR void uniform_lanes(float* out, const Lanes& in, float low, float span) {
  for (int i = 0; i < width; ++i)
    for (int w = 0; w < 4; ++w) out[4 * i + w] = low + span * unit(in.word[w][i]);
}

// ln(x) for a normal positive x: x = m·2^e with m in [√½, √2), then a minimax polynomial in m − 1 (Cephes, logf.c).
inline float log_of(float x) {
  const std::int32_t shifted = std::bit_cast<std::int32_t>(x) - 0x3f3504f3;
  const std::int32_t exponent = shifted >> 23;
  const float m = std::bit_cast<float>((shifted & 0x7fffff) + 0x3f3504f3) - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const float square = m * m, e = static_cast<float>(exponent);
  return e * 0.693359375f + (m + (-0.5f * square + (p * m * square + e * -2.12194440e-4f)));
}

struct Circle {
  float sine, cosine;
};

// sin and cos of 2π·bits/2^32: the two top bits are the quadrant, so the reduction is exact (polynomials: Cephes,
// sinf.c).
inline Circle circle(std::uint32_t bits) {
  const std::uint32_t turned = bits + 0x20000000u;  // quadrants centred on the axes
  const auto quadrant = turned >> 30;
  const auto rest = static_cast<std::int32_t>(turned & 0x3fffffffu) - 0x20000000;
  const float x = static_cast<float>(rest) * (1.57079632679489662f * 0x1p-30f), z = x * x;
  const float s = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * x + x;
  const float c =
      ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z + 1.0f;
  const bool odd = quadrant & 1;
  const float sine = odd ? c : s, cosine = odd ? s : c;
  return {quadrant & 2 ? -sine : sine, (quadrant + 1) & 2 ? -cosine : cosine};
}

LUVIT_VECTOR void normal_lanes(float* out, const Lanes& in, float mean, float deviation) {
  for (int i = 0; i < width; ++i) {
    for (int pair = 0; pair < 2; ++pair) {
      // 1 − u in (0, 1]; the largest value is √(−2 ln 2^-24) = 5.77 deviations.
      const float radius = deviation * __builtin_sqrtf(-2.0f * log_of(1.0f - unit(in.word[2 * pair][i])));
      const Circle at = circle(in.word[2 * pair + 1][i]);
      out[4 * i + 2 * pair] = mean + radius * at.cosine;
      out[4 * i + 2 * pair + 1] = mean + radius * at.sine;
    }
  }
}

void skip_blocks(std::array<std::uint32_t, 4>& counter, std::uint64_t blocks) {
  const std::uint64_t next = (static_cast<std::uint64_t>(counter[1]) << 32 | counter[0]) + blocks;
  counter[0] = static_cast<std::uint32_t>(next);
  counter[1] = static_cast<std::uint32_t>(next >> 32);
}

}  // namespace

template <typename Turn>
void Random::fill(float* out, std::int64_t n, Turn turn) {
  constexpr std::int64_t step = 4 * width;
  used_ = 4;  // the rest of a block that single draws began is not used
  Lanes lanes;
  for (std::int64_t at = 0; at < n; at += step) {
    philox_lanes(lanes, counter_.data(), key_.data());
    if (n - at >= step) {
      turn(out + at, lanes);
      skip_blocks(counter_, width);
    } else {
      float tail[step];
      turn(tail, lanes);
      std::memcpy(out + at, tail, static_cast<std::size_t>(n - at) * sizeof(float));
      skip_blocks(counter_, static_cast<std::uint64_t>(n - at + 3) / 4);
    }
  }
}

void Random::fill_uniform(float* out, std::int64_t n) {
  fill_uniform(out, n, 0.0f, 1.0f);
}

void Random::fill_uniform(float* out, std::int64_t n, float low, float high) {
  fill(out, n, [=](float* to, const Lanes& lanes) { uniform_lanes(to, lanes, low, high - low); });
}

void Random::fill_normal(float* out, std::int64_t n, float mean, float deviation) {
  fill(out, n, [=](float* to, const Lanes& lanes) { normal_lanes(to, lanes, mean, deviation); });
}

}  // namespace luvit
