#pragma once
#include <optional>
#include <vector>

#include "luvit/statistics/intervals.h"

namespace luvit {

// What a few runs that differ in the seed alone say about the mean over all seeds. One run says nothing of the spread.
struct SampleSummary {
  std::vector<double> values;
  double mean = 0;
  std::optional<double> sd;          // n − 1 below the line
  std::optional<double> se;          // sd / √n (the paper's appendix B.2 divides by n)
  std::optional<Interval> interval;  // Student's t, n − 1 degrees of freedom
};
SampleSummary summary_of(std::vector<double> values, double level = 0.99);

// A test of whether two means differ, and by how much: second − first.
struct MeanDifference {
  double difference = 0;
  double t = 0, df = 0, p = 1;  // two-sided
  Interval interval;
};

// Welch's test: two groups of runs, variances not assumed equal. nullopt where nothing can be said: fewer than two runs
// in a group, or no spread in either.
std::optional<MeanDifference> welch_test(const std::vector<double>& first, const std::vector<double>& second,
                                         double level = 0.99);

// Paired t: runs that share a seed stand at the same place. nullopt as above, of the differences.
std::optional<MeanDifference> paired_t_test(const std::vector<double>& first, const std::vector<double>& second,
                                            double level = 0.99);

}  // namespace luvit
