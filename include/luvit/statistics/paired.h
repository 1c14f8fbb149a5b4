#pragma once
#include <cstdint>
#include <vector>

#include "luvit/statistics/intervals.h"

namespace luvit {

// Two classifiers on the same images.

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

}  // namespace luvit
