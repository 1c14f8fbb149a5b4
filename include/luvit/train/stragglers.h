#pragma once
#include <optional>
#include <string>
#include <vector>

namespace luvit {

// Finds the rank that holds the others up: all wait for the slowest, so only the time each spends on its own tells.
class Stragglers {
 public:
  static constexpr int window = 20;         // steps
  static constexpr double tolerance = 1.2;  // times the median of the others
  // And beyond that seconds a step: where steps take milliseconds, a log line or another process makes a fifth of one.
  static constexpr double noise = 0.02;

  // Each rank's own seconds in a step. At the end of a window, a line for the log where one rank was slower.
  std::optional<std::string> add(const std::vector<double>& seconds);

 private:
  std::vector<double> sums_;
  int steps_ = 0;
};

}  // namespace luvit
