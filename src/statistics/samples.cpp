#include "luvit/statistics/samples.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "luvit/statistics/distributions.h"

namespace luvit {
namespace {

Interval around(double middle, double se, double df, double level) {
  const double half = student_t_quantile(0.5 + level / 2, df) * se;
  return {middle - half, middle + half};
}

// A spread that rounding alone makes is none.
bool is_none(double se, const std::vector<double>& one, const std::vector<double>& other) {
  double largest = 0;
  for (const auto* values : {&one, &other})
    for (const double value : *values) largest = std::max(largest, std::abs(value));
  return se <= 1e-14 * largest;
}

MeanDifference tested(double difference, double se, double df, double level) {
  const double t = difference / se;
  return {difference, t, df, student_t_two_sided(t, df), around(difference, se, df, level)};
}

}  // namespace

SampleSummary summary_of(std::vector<double> values, double level) {
  if (values.empty()) throw std::invalid_argument("summarise: no values");
  const double n = static_cast<double>(values.size());
  SampleSummary summary;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  // Equal values are their own mean, which a sum of them divided may miss by a rounding.
  summary.mean = *least == *most ? *least : std::accumulate(values.begin(), values.end(), 0.0) / n;
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
  const SampleSummary a = summary_of(first), b = summary_of(second);
  const double variance_a = *a.se * *a.se, variance_b = *b.se * *b.se, variance = variance_a + variance_b;
  if (is_none(std::sqrt(variance), first, second)) return std::nullopt;
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
  const SampleSummary summary = summary_of(differences);
  if (is_none(*summary.se, first, second)) return std::nullopt;
  return tested(summary.mean, *summary.se, static_cast<double>(first.size()) - 1, level);
}

}  // namespace luvit
