#include "luvit/statistics/paired.h"

#include <algorithm>
#include <cmath>

#include "luvit/statistics/distributions.h"

namespace luvit {

double mcnemar_p(std::int64_t a_only, std::int64_t b_only) {
  const double few = static_cast<double>(std::min(a_only, b_only)), n = static_cast<double>(a_only + b_only);
  if (a_only == b_only) return 1;
  // Twice the chance of `few` or fewer of n: P(X ≤ k) = I_{1/2}(n − k, k + 1).
  return std::min(1.0, 2 * incomplete_beta(n - few, few + 1, 0.5));
}

MeanPairs mean_pairs(const std::vector<std::pair<double, double>>& values, const BootstrapOptions& bootstrap) {
  MeanPairs out;
  std::vector<Cluster> differences;
  for (const auto& [a, b] : values) {
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    ++out.n;
    out.a += a;
    out.b += b;
    out.a_higher += a > b;
    out.b_higher += b > a;
    differences.push_back({b - a, 1});
  }
  if (out.n == 0) return out;
  out.a /= static_cast<double>(out.n);
  out.b /= static_cast<double>(out.n);
  out.interval95 = bootstrap_interval(std::move(differences), bootstrap);
  out.sign_p = mcnemar_p(out.a_higher, out.b_higher);
  return out;
}

}  // namespace luvit
