#include "rows.h"

#include <cstring>

#include "processors.h"

namespace luvit {
namespace {

using Doubles = double __attribute__((vector_size(64)));
constexpr std::int64_t lanes = 8, side_by_side = 4, block = lanes * side_by_side;

LUVIT_INLINE void load(Doubles& to, const double* from) {
  std::memcpy(&to, from, sizeof to);
}

}  // namespace

std::int64_t whole_blocks(std::int64_t n) {
  return (n + block - 1) / block * block;
}

LUVIT_FOR_EACH_PROCESSOR
void weighted_pairs(const double* at, const double* const* before, const double* const* after, const double* weights,
                    std::int64_t radius, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; i += block) {
    Doubles sums[side_by_side];
    for (int k = 0; k < side_by_side; ++k) {
      load(sums[k], at + i + k * lanes);
      sums[k] *= weights[0];
    }
    for (std::int64_t j = radius; j > 0; --j) {
      const double* lower = before[j] + i;
      const double* upper = after[j] + i;
      const double weight = weights[j];
      for (int k = 0; k < side_by_side; ++k) {
        Doubles a, b;
        load(a, lower + k * lanes);
        load(b, upper + k * lanes);
        sums[k] += (a + b) * weight;
      }
    }
    std::memcpy(out + i, sums, sizeof sums);
  }
}

LUVIT_FOR_EACH_PROCESSOR
void weighted_taps(const double* const* taps, const double* weights, std::int64_t count, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; i += block) {
    Doubles sums[side_by_side] = {};
    for (std::int64_t j = 0; j < count; ++j) {
      const double* tap = taps[j] + i;
      for (int k = 0; k < side_by_side; ++k) {
        Doubles a;
        load(a, tap + k * lanes);
        sums[k] += a * weights[j];
      }
    }
    std::memcpy(out + i, sums, sizeof sums);
  }
}

std::int64_t inside(std::int64_t place, std::int64_t size, Border border) {
  if (place >= 0 && place < size) return place;
  if (border == Border::nearest || size == 1) return place < 0 ? 0 : size - 1;
  const std::int64_t period = border == Border::reflect ? 2 * size : 2 * size - 2;
  place = ((place % period) + period) % period;
  if (place < size) return place;
  return border == Border::reflect ? period - 1 - place : period - place;
}

}  // namespace luvit
