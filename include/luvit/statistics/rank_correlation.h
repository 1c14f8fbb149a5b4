#pragma once
#include <optional>
#include <vector>

#include "luvit/statistics/intervals.h"

namespace luvit {

// Spearman's rank correlation, equal values sharing the mean of their ranks, with the interval that Fisher's
// transformation gives with Bonett and Wright's (2000) variance (1 + ρ²/2)/(n − 3).
struct RankCorrelation {
  double rho = 0;
  Interval interval;
};
// nullopt where nothing can be said: fewer than four pairs, or no spread in one of the two.
std::optional<RankCorrelation> spearman(const std::vector<double>& x, const std::vector<double>& y,
                                        double level = 0.95);

}  // namespace luvit
