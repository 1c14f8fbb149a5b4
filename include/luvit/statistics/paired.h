#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "luvit/statistics/intervals.h"

namespace luvit {

// Two models on the same images.

// McNemar's exact two-sided p of the images that one alone gets right: the binomial test of `a_only` in
// `a_only` + `b_only` at 1/2.
double mcnemar_p(std::int64_t a_only, std::int64_t b_only);

// What a bootstrap draws as a whole: an image, or a source image with all its corrupted forms.
struct Cluster {
  double sum = 0;   // over its rows
  double rows = 1;  // how many they are
};

struct BootstrapOptions {
  std::int64_t resamples = 10000;
  std::uint64_t seed = 0;
  double level = 0.95;
  bool one_by_one = false;  // draw every cluster by its number, however many are equal: the plain twin, for tests
};

// The percentile interval of the mean over rows (Σ sum / Σ rows) when clusters are drawn with replacement. Of clusters
// that are equal only the number matters, and the numbers of all kinds in a resample are multinomial: they are drawn
// as such, which is the same distribution at the cost of the kinds instead of the clusters (three for the paired
// difference of two classifiers, of 50,000 images). A function of the options and the clusters (in any order);
// [0, 0] of none. Percentiles are numpy's (linear between the neighbours).
Interval bootstrap_interval(std::vector<Cluster> clusters, const BootstrapOptions& options = {});

// Means over the images for which both models have a value (finite). The sign test is of which of the two is higher.
struct MeanPairs {
  std::int64_t n = 0;
  double a = 0, b = 0;
  Interval interval95;  // of b − a, paired bootstrap
  std::int64_t a_higher = 0, b_higher = 0;
  double sign_p = 1;
  double difference() const { return b - a; }
};
MeanPairs mean_pairs(const std::vector<std::pair<double, double>>& values, const BootstrapOptions& bootstrap = {});

}  // namespace luvit
