#include "luvit/statistics/rank_correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "luvit/statistics/distributions.h"

namespace luvit {
namespace {

std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double shared = static_cast<double>(first + last - 1) / 2;
    for (; first < last; ++first) ranks[order[first]] = shared;
  }
  return ranks;
}

}  // namespace

std::optional<RankCorrelation> spearman(const std::vector<double>& x, const std::vector<double>& y, double level) {
  const std::size_t n = x.size();
  if (n < 4 || y.size() != n) return std::nullopt;
  const std::vector<double> a = ranks_of(x), b = ranks_of(y);
  const double mean = static_cast<double>(n - 1) / 2;
  double both = 0, of_a = 0, of_b = 0;
  for (std::size_t i = 0; i < n; ++i) {
    both += (a[i] - mean) * (b[i] - mean);
    of_a += (a[i] - mean) * (a[i] - mean);
    of_b += (b[i] - mean) * (b[i] - mean);
  }
  if (of_a == 0 || of_b == 0) return std::nullopt;
  const double rho = std::clamp(both / std::sqrt(of_a * of_b), -1.0, 1.0);
  if (std::abs(rho) == 1) return RankCorrelation{rho, {rho, rho}};
  const double spread = std::sqrt((1 + rho * rho / 2) / static_cast<double>(n - 3)) * normal_quantile((1 + level) / 2);
  return RankCorrelation{rho, {std::tanh(std::atanh(rho) - spread), std::tanh(std::atanh(rho) + spread)}};
}

}  // namespace luvit
