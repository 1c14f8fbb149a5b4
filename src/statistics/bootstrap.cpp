#include <ATen/Parallel.h>
#include <math.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "luvit/core/random.h"
#include "luvit/statistics/paired.h"

namespace luvit {
namespace {

// Clusters that are equal, and how many.
struct Kind {
  Cluster cluster;
  std::int64_t n = 0;
};

std::vector<Kind> kinds_of(std::vector<Cluster>& clusters) {
  auto key = [](const Cluster& c) { return std::tie(c.sum, c.rows); };
  std::sort(clusters.begin(), clusters.end(), [&](const Cluster& a, const Cluster& b) { return key(a) < key(b); });
  std::vector<Kind> kinds;
  for (const Cluster& cluster : clusters) {
    if (kinds.empty() || key(kinds.back().cluster) != key(cluster)) kinds.push_back({cluster, 0});
    ++kinds.back().n;
  }
  return kinds;
}

double log_factorial(std::int64_t n) {
  int sign = 0;
  return ::lgamma_r(static_cast<double>(n) + 1, &sign);
}

// One draw of Binomial(n, p) by inversion: a uniform number is used up by the chances of the values, beginning with the
// most likely and going outwards, which takes about as many steps as a standard deviation has.
std::int64_t draw_binomial(Random& random, std::int64_t n, double p) {
  if (n == 0 || p <= 0) return 0;
  if (p >= 1) return n;
  const auto mode = std::min(n, static_cast<std::int64_t>(static_cast<double>(n + 1) * p));
  const double chance =
      std::exp(log_factorial(n) - log_factorial(mode) - log_factorial(n - mode) +
               static_cast<double>(mode) * std::log(p) + static_cast<double>(n - mode) * std::log1p(-p));
  const double odds = p / (1 - p);
  double left = random.uniform() - chance;
  std::int64_t below = mode, above = mode;
  double chance_below = chance, chance_above = chance;
  while (left >= 0) {
    if (below == 0 && above == n) return mode;  // rounding left a crumb of probability
    if (above < n) {
      chance_above *= static_cast<double>(n - above) / static_cast<double>(above + 1) * odds;
      ++above;
      if ((left -= chance_above) < 0) return above;
    }
    if (below > 0) {
      chance_below *= static_cast<double>(below) / (static_cast<double>(n - below + 1) * odds);
      --below;
      if ((left -= chance_below) < 0) return below;
    }
  }
  return mode;
}

double resampled_mean(Random random, const std::vector<Kind>& kinds, std::int64_t n) {
  double sum = 0, rows = 0;
  std::int64_t draws = n, left = n;  // draws still to give out, and clusters of the kinds not yet dealt with
  for (const Kind& kind : kinds) {
    const std::int64_t drawn = draw_binomial(random, draws, static_cast<double>(kind.n) / static_cast<double>(left));
    sum += static_cast<double>(drawn) * kind.cluster.sum;
    rows += static_cast<double>(drawn) * kind.cluster.rows;
    draws -= drawn;
    left -= kind.n;
  }
  return sum / rows;
}

double resampled_mean(Random random, const std::vector<Cluster>& clusters) {
  double sum = 0, rows = 0;
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    const Cluster& drawn = clusters[random.below(clusters.size())];
    sum += drawn.sum;
    rows += drawn.rows;
  }
  return sum / rows;
}

double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto before = static_cast<std::size_t>(place);
  const std::size_t after = std::min(before + 1, sorted.size() - 1);
  return sorted[before] + (place - static_cast<double>(before)) * (sorted[after] - sorted[before]);
}

}  // namespace

// Each resample draws from a stream of its own, so that the threads change nothing.
Interval bootstrap_interval(std::vector<Cluster> clusters, const BootstrapOptions& options) {
  if (clusters.empty() || options.resamples < 1) return {};
  const std::vector<Kind> kinds = kinds_of(clusters);
  const auto n = static_cast<std::int64_t>(clusters.size());
  // A binomial draw costs as much as some dozens of single ones.
  const bool by_kinds = !options.one_by_one && static_cast<std::int64_t>(kinds.size()) * 32 <= n + 96;
  std::vector<double> means(static_cast<std::size_t>(options.resamples));
  at::parallel_for(0, options.resamples, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Random random(options.seed, 0, static_cast<std::uint64_t>(i), Purpose::bootstrap);
      means[static_cast<std::size_t>(i)] =
          by_kinds ? resampled_mean(random, kinds, n) : resampled_mean(random, clusters);
    }
  });
  std::sort(means.begin(), means.end());
  const double outside = (1 - options.level) / 2;
  return {percentile(means, outside), percentile(means, 1 - outside)};
}

}  // namespace luvit
