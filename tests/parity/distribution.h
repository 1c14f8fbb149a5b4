#pragma once
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

// Two samples compared, with bounds that the same distribution exceeds about once in ten thousand times.
namespace luvit {

// Kolmogorov-Smirnov's largest distance, measured at the points of a fixture ([value, share up to it]), over its bound
// for samples of `drawn.size()` and `theirs` draws: below 1 for the same distribution.
inline double distance(std::vector<double> drawn, const nlohmann::json& points, double theirs) {
  std::sort(drawn.begin(), drawn.end());
  const auto ours = static_cast<double>(drawn.size());
  double largest = 0;
  for (const auto& point : points) {
    const auto up_to = std::upper_bound(drawn.begin(), drawn.end(), point[0].get<double>() + 1e-9) - drawn.begin();
    largest = std::max(largest, std::abs(static_cast<double>(up_to) / ours - point[1].get<double>()));
  }
  return largest / (2.225 * std::sqrt(1 / ours + 1 / theirs));
}

// χ² of two rows of counts over its bound (Wilson and Hilferty's approximation of the quantile).
inline double chi_squared(const std::vector<double>& a, const std::vector<double>& b) {
  double total_a = 0, total_b = 0, sum = 0;
  for (const double n : a) total_a += n;
  for (const double n : b) total_b += n;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = a[i] * std::sqrt(total_b / total_a) - b[i] * std::sqrt(total_a / total_b);
    if (a[i] + b[i] > 0) sum += difference * difference / (a[i] + b[i]);
  }
  const double freedom = static_cast<double>(a.size()) - 1, part = 2 / (9 * freedom);
  return sum / (freedom * std::pow(1 - part + 3.72 * std::sqrt(part), 3));
}

}  // namespace luvit
