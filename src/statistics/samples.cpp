#include "luvit/statistics/samples.h"

#include <cmath>
#include <stdexcept>

#include "luvit/statistics/distributions.h"

namespace luvit {
namespace {

Interval around(double middle, double se, double df, double level) {
  const double half = student_t_quantile(0.5 + level / 2, df) * se;
  return {middle - half, middle + half};
}

MeanDifference tested(double difference, double se, double df, double level) {
  const double t = difference / se;
  return {difference, t, df, student_t_two_sided(t, df), around(difference, se, df, level)};
}

}  // namespace

SampleSummary summarise(std::vector<double> values, double level) {
  if (values.empty()) throw std::invalid_argument("summarise: no values");
  const double n = static_cast<double>(values.size());
  SampleSummary summary;
  for (double value : values) summary.mean += value / n;
  if (values.size() > 1) {
    double squares = 0;
    for (double value : values) squares += (value - summary.mean) * (value - summary.mean);
    summary.sd = std::sqrt(squares / (n - 1));
    summary.se = *summary.sd / std::sqrt(n);
    summary.interval = around(summary.mean, *summary.se, n - 1, level);
  }
  summary.values = std::move(values);
  return summary;
}

// The degrees of freedom are Welch's and Satterthwaite's.
std::optional<MeanDifference> welch_test(const std::vector<double>& first, const std::vector<double>& second,
                                         double level) {
  if (first.size() < 2 || second.size() < 2) return std::nullopt;
  const SampleSummary a = summarise(first), b = summarise(second);
  const double variance_a = *a.se * *a.se, variance_b = *b.se * *b.se, variance = variance_a + variance_b;
  if (variance == 0) return std::nullopt;
  const double df = variance * variance /
                    (variance_a * variance_a / (static_cast<double>(first.size()) - 1) +
                     variance_b * variance_b / (static_cast<double>(second.size()) - 1));
  return tested(b.mean - a.mean, std::sqrt(variance), df, level);
}

std::optional<MeanDifference> paired_t_test(const std::vector<double>& first, const std::vector<double>& second,
                                            double level) {
  if (first.size() != second.size()) throw std::invalid_argument("paired_t_test: groups of different sizes");
  if (first.size() < 2) return std::nullopt;
  std::vector<double> differences(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) differences[i] = second[i] - first[i];
  const SampleSummary summary = summarise(differences);
  if (*summary.se == 0) return std::nullopt;
  return tested(summary.mean, *summary.se, static_cast<double>(first.size()) - 1, level);
}

}  // namespace luvit
