#include "luvit/train/stragglers.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "luvit/core/text.h"

namespace luvit {

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string ratio(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

}  // namespace

std::optional<std::string> Stragglers::add(const std::vector<double>& seconds) {
  sums_.resize(seconds.size());
  for (std::size_t i = 0; i < seconds.size(); ++i) sums_[i] += seconds[i];
  if (++steps_ < window) return std::nullopt;
  const std::vector<double> sums = std::exchange(sums_, {});
  steps_ = 0;
  if (sums.size() < 2) return std::nullopt;
  std::string slow;
  for (std::size_t rank = 0; rank < sums.size(); ++rank) {
    std::vector<double> others = sums;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(rank));
    const double usual = median(others);
    if (sums[rank] > tolerance * usual && sums[rank] > usual + noise * window)
      slow += str(slow.empty() ? "" : ", ", "rank ", rank, " took ", ratio(sums[rank] / usual), " times as long");
  }
  if (slow.empty()) return std::nullopt;
  return str(slow, " as the others over the last ", window, " steps, its waits for them left out: all go at its pace");
}

}  // namespace luvit
