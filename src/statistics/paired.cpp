#include "luvit/statistics/paired.h"

#include <algorithm>

#include "luvit/statistics/distributions.h"

namespace luvit {

double mcnemar_p(std::int64_t a_only, std::int64_t b_only) {
  const double few = static_cast<double>(std::min(a_only, b_only)), n = static_cast<double>(a_only + b_only);
  if (a_only == b_only) return 1;
  // Twice the chance of `few` or fewer of n: P(X ≤ k) = I_{1/2}(n − k, k + 1).
  return std::min(1.0, 2 * incomplete_beta(n - few, few + 1, 0.5));
}

}  // namespace luvit
