#include "luvit/statistics/intervals.h"

#include <algorithm>
#include <cmath>

#include "luvit/statistics/distributions.h"

namespace luvit {

Interval wilson_interval(std::int64_t successes, std::int64_t n, double level) {
  if (n <= 0) return {0, 1};
  const double z = normal_quantile(0.5 + level / 2), count = static_cast<double>(n);
  const double p = static_cast<double>(successes) / count;
  const double middle = p + z * z / (2 * count), divisor = 1 + z * z / count;
  const double half = z * std::sqrt(p * (1 - p) / count + z * z / (4 * count * count));
  // At the ends the two terms are equal but for rounding.
  const double low = successes == 0 ? 0 : (middle - half) / divisor;
  const double high = successes == n ? 1 : (middle + half) / divisor;
  return {std::max(0.0, low), std::min(1.0, high)};
}

Interval newcombe_interval(const Share& first, const Share& second, double level) {
  const Interval a = wilson_interval(first.successes, first.n, level);
  const Interval b = wilson_interval(second.successes, second.n, level);
  const double p = first.value(), q = second.value(), difference = q - p;
  return {difference - std::hypot(q - b.low, a.high - p), difference + std::hypot(b.high - q, p - a.low)};
}

}  // namespace luvit
