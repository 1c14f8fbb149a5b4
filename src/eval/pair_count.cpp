#include "pair_count.h"

namespace luvit {

Pairs pairs_of(const PairCount& count, std::vector<Cluster> clusters, const BootstrapOptions& bootstrap) {
  const auto n = static_cast<double>(std::max<std::int64_t>(count.n, 1));
  return {.n = count.n,
          .a = static_cast<double>(count.a_right) / n,
          .b = static_cast<double>(count.b_right) / n,
          .interval95 = bootstrap_interval(std::move(clusters), bootstrap),
          .a_only = count.a_only,
          .b_only = count.b_only,
          .mcnemar_p = mcnemar_p(count.a_only, count.b_only)};
}

// Only the counts matter, not which image is which.
Pairs pairs_of(const PairCount& count, const BootstrapOptions& bootstrap) {
  std::vector<Cluster> clusters(static_cast<std::size_t>(count.n), Cluster{0, 1});
  for (std::int64_t i = 0; i < count.a_only + count.b_only; ++i)
    clusters[static_cast<std::size_t>(i)].sum = i < count.a_only ? -1 : 1;
  return pairs_of(count, std::move(clusters), bootstrap);
}

}  // namespace luvit
