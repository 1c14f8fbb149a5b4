#pragma once
#include <algorithm>
#include <vector>

#include "filters.h"

namespace luvit {

// What filters are made of: sums over neighbours of a whole row at once. Each output number is a chain of additions in
// a fixed order; the chains of 32 neighbours run side by side in registers, so rows are read in whole blocks of 32.
std::int64_t whole_blocks(std::int64_t n);  // n rounded up to them

// out[i] = weights[0]·at[i] + Σ weights[j]·(before[j][i] + after[j][i]), j = radius … 1, outermost neighbours first:
// the order of scipy's correlate1d. n is a multiple of `block`.
void weighted_pairs(const double* at, const double* const* before, const double* const* after, const double* weights,
                    std::int64_t radius, std::int64_t n, double* out);

// out[i] = Σ weights[j]·taps[j][i], in order.
void weighted_taps(const double* const* taps, const double* weights, std::int64_t count, std::int64_t n, double* out);

// A row with `margin` pixels of border on both sides, and room for a whole last block.
class PaddedRow {
 public:
  PaddedRow(std::int64_t width, std::int64_t channels, std::int64_t margin, Border border)
      : width_(width), channels_(channels), margin_(margin), border_(border) {
    values_.resize(static_cast<std::size_t>(whole_blocks(width * channels) + 2 * margin * channels));
  }
  double* pixels() { return values_.data() + margin_ * channels_; }
  // The row, `by` pixels further on.
  const double* moved(std::int64_t by) const { return values_.data() + (margin_ + by) * channels_; }
  void fill_margins() {
    for (std::int64_t x = 1; x <= margin_; ++x) {
      copy_pixel(-x);
      copy_pixel(width_ - 1 + x);
    }
  }

 private:
  void copy_pixel(std::int64_t x) {
    std::copy_n(pixels() + inside(x, width_, border_) * channels_, channels_, pixels() + x * channels_);
  }
  std::int64_t width_, channels_, margin_;
  Border border_;
  std::vector<double> values_;
};

}  // namespace luvit
