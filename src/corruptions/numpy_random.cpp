#include "luvit/corruptions/numpy_random.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "processors.h"

namespace luvit {
namespace {

constexpr int words = 624, ahead = 397;

LUVIT_INLINE std::uint32_t twisted(std::uint32_t upper, std::uint32_t lower) {
  return ((upper & 0x80000000u) | (lower & 0x7FFFFFFFu)) >> 1 ^ ((0u - (lower & 1u)) & 0x9908B0DFu);
}

// MT19937 (Matsumoto and Nishimura 1998): the whole next state, then its tempered words. Each loop's dependences are
// further apart than any vector is long.
LUVIT_FOR_EACH_PROCESSOR
void next_state(std::uint32_t* state, std::uint32_t* out) {
  for (int k = 0; k < words - ahead; ++k) state[k] = state[k + ahead] ^ twisted(state[k], state[k + 1]);
  for (int k = words - ahead; k < words - 1; ++k) {
    state[k] = state[k + ahead - words] ^ twisted(state[k], state[k + 1]);
  }
  state[words - 1] = state[ahead - 1] ^ twisted(state[words - 1], state[0]);
  for (int k = 0; k < words; ++k) {
    std::uint32_t y = state[k];
    y ^= y >> 11;
    y ^= y << 7 & 0x9D2C5680u;
    y ^= y << 15 & 0xEFC60000u;
    out[k] = y ^ y >> 18;
  }
}

LUVIT_FOR_EACH_PROCESSOR
void units(const std::uint32_t* bits, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; ++i) {
    const auto high = static_cast<std::int32_t>(bits[2 * i] >> 5),
               low = static_cast<std::int32_t>(bits[2 * i + 1] >> 6);
    out[i] = (high * 67108864.0 + low) * 0x1p-53;
  }
}

// Points of the square [-1, 1)² and their squared distance from the centre.
constexpr std::int64_t points_at_once = 512;
struct Points {
  double x[points_at_once], y[points_at_once], r[points_at_once];
};

LUVIT_FOR_EACH_PROCESSOR
void to_points(const double* unit_pairs, std::int64_t n, Points& points) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double x = 2.0 * unit_pairs[2 * i] - 1.0, y = 2.0 * unit_pairs[2 * i + 1] - 1.0;
    points.x[i] = x;
    points.y[i] = y;
    points.r[i] = x * x + y * y;
  }
}

// Keeps those within the unit circle, in order; how many.
std::int64_t keep_inner(Points& points, std::int64_t n) {
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    points.x[kept] = points.x[i];
    points.y[kept] = points.y[i];
    points.r[kept] = points.r[i];
    kept += points.r[i] < 1.0 && points.r[i] != 0.0;
  }
  return kept;
}

LUVIT_FOR_EACH_PROCESSOR
void to_normals(const Points& points, const double* log_r, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double f = std::sqrt(-2.0 * log_r[i] / points.r[i]);
    out[2 * i] = f * points.y[i];
    out[2 * i + 1] = f * points.x[i];
  }
}

}  // namespace

NumpyRandom::NumpyRandom(std::uint32_t seed) {
  state_[0] = seed;
  for (std::uint32_t i = 1; i < words; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ state_[i - 1] >> 30) + i;
}

void NumpyRandom::refill() {
  next_state(state_.data(), words_.data());
  units(words_.data(), size / 2, units_.data());
  next_ = 0;
}

double NumpyRandom::standard_normal() {
  if (has_normal_) {
    has_normal_ = false;
    return kept_normal_;
  }
  double x = 0, y = 0, r = 0;
  do {
    x = 2.0 * random_sample() - 1.0;
    y = 2.0 * random_sample() - 1.0;
    r = x * x + y * y;
  } while (r >= 1.0 || r == 0.0);
  const double f = std::sqrt(-2.0 * std::log(r) / r);
  kept_normal_ = f * x;
  has_normal_ = true;
  return f * y;
}

std::int64_t NumpyRandom::randint(std::int64_t low, std::int64_t above) {
  const auto most = static_cast<std::uint64_t>(above) - 1 - static_cast<std::uint64_t>(low);
  if (most == 0) return low;
  const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(most);
  std::uint64_t value = 0;
  do {  // numpy takes 64 bits only where 32 do not reach
    value = bits();
    if (most > 0xFFFFFFFFu) value = value << 32 | bits();
    value &= mask;
  } while (value > most);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + value);
}

void NumpyRandom::fill_random_sample(double* out, std::int64_t n) {
  while (n > 0) {
    std::int64_t ready = std::min<std::int64_t>((size - next_) / 2, n);
    if (ready > 0) {
      if (next_ % 2 == 0) {
        std::copy_n(units_.data() + next_ / 2, ready, out);
      } else {
        units(words_.data() + next_, ready, out);
      }
      next_ += static_cast<int>(2 * ready);
    } else {
      *out = random_sample();
      ready = 1;
    }
    out += ready;
    n -= ready;
  }
}

void NumpyRandom::fill_standard_normal(double* out, std::int64_t n) {
  if (n > 0 && has_normal_) {
    *out++ = standard_normal();
    --n;
  }
  double unit_pairs[2 * points_at_once], log_r[points_at_once];
  Points points;
  while (n >= 2) {  // no more points than there are pairs left: none is drawn in vain
    const std::int64_t drawn = std::min(n / 2, points_at_once);
    fill_random_sample(unit_pairs, 2 * drawn);
    to_points(unit_pairs, drawn, points);
    const std::int64_t pairs = keep_inner(points, drawn);
    for (std::int64_t i = 0; i < pairs; ++i) log_r[i] = std::log(points.r[i]);
    to_normals(points, log_r, pairs, out);
    out += 2 * pairs;
    n -= 2 * pairs;
  }
  if (n == 1) *out = standard_normal();
}

}  // namespace luvit
