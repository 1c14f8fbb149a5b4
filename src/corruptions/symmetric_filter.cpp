#include <algorithm>

#include "processors.h"
#include "rows.h"

namespace luvit {
namespace {

LUVIT_FOR_EACH_PROCESSOR
void add_rows(const double* one, const double* other, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = one[i] + other[i];
}

}  // namespace

Plane symmetric_filter(const Plane& in, const std::vector<double>& quadrant, std::int64_t radius) {
  Plane out(in.height(), in.width(), in.channels());
  const std::int64_t n = in.row_size();
  PaddedRow row(in.width(), in.channels(), radius, Border::mirror);  // the sum of two rows equally far away
  std::vector<double> result(static_cast<std::size_t>(whole_blocks(n))), sum(result.size());
  std::vector<const double*> before(static_cast<std::size_t>(radius + 1)), after(before.size());
  for (std::int64_t dx = 1; dx <= radius; ++dx) {
    before[static_cast<std::size_t>(dx)] = row.moved(-dx);
    after[static_cast<std::size_t>(dx)] = row.moved(dx);
  }
  for (std::int64_t y = 0; y < in.height(); ++y) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (std::int64_t dy = 0; dy <= radius; ++dy) {
      const double* weights = quadrant.data() + dy * (radius + 1);
      std::int64_t reach = radius;
      while (reach >= 0 && weights[reach] == 0) --reach;
      if (reach < 0) continue;
      const double *above = in.row(inside(y - dy, in.height(), Border::mirror)),
                   *below = in.row(inside(y + dy, in.height(), Border::mirror));
      if (dy == 0) {
        std::copy_n(above, n, row.pixels());
      } else {
        add_rows(above, below, n, row.pixels());
      }
      row.fill_margins();
      weighted_pairs(row.pixels(), before.data(), after.data(), weights, reach, whole_blocks(n), result.data());
      add_rows(sum.data(), result.data(), n, sum.data());
    }
    std::copy_n(sum.data(), n, out.row(y));
  }
  return out;
}

}  // namespace luvit
