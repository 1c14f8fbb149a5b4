#include "luvit/statistics/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace luvit {
namespace {

// Answers from the least confident to the most.
std::vector<Answer> by_confidence(std::vector<Answer> answers) {
  std::stable_sort(answers.begin(), answers.end(),
                   [](const Answer& a, const Answer& b) { return a.confidence < b.confidence; });
  return answers;
}

// i / bins < confidence ≤ (i + 1) / bins. The product may round over an edge, so the edges themselves decide.
int bin_of(double confidence, int bins) {
  int bin = std::clamp(static_cast<int>(confidence * bins), 0, bins - 1);
  while (bin > 0 && confidence <= static_cast<double>(bin) / bins) --bin;
  while (bin < bins - 1 && confidence > static_cast<double>(bin + 1) / bins) ++bin;
  return bin;
}

}  // namespace

Reliability reliability(const std::vector<Answer>& answers, int bins) {
  const auto size = static_cast<std::size_t>(bins);
  Reliability result{std::vector<std::int64_t>(size), std::vector<double>(size), std::vector<double>(size)};
  for (const Answer& answer : answers) {
    const auto bin = static_cast<std::size_t>(bin_of(answer.confidence, bins));
    ++result.n[bin];
    result.accuracy[bin] += answer.correct;
    result.confidence[bin] += answer.confidence;
  }
  for (std::size_t bin = 0; bin < size; ++bin) {
    const double n = static_cast<double>(std::max<std::int64_t>(result.n[bin], 1));
    result.accuracy[bin] /= n;
    result.confidence[bin] /= n;
  }
  return result;
}

double expected_calibration_error(const Reliability& bins) {
  const auto total = std::accumulate(bins.n.begin(), bins.n.end(), std::int64_t{0});
  double error = 0;
  for (std::size_t bin = 0; bin < bins.n.size(); ++bin)
    error += static_cast<double>(bins.n[bin]) * std::abs(bins.accuracy[bin] - bins.confidence[bin]);
  return total ? error / static_cast<double>(total) : 0;
}

std::optional<double> rms_calibration_error(const std::vector<Answer>& answers, bool as_published) {
  constexpr std::size_t bin_size = 100;
  const std::vector<Answer> sorted = by_confidence(answers);
  const std::size_t whole = sorted.size() / bin_size;
  // The last bin runs to the end; with fewer than 100 answers there is one bin, of all of them.
  const std::size_t bins = std::max<std::size_t>(whole, sorted.empty() ? 0 : 1), used = as_published ? bins - 1 : bins;
  if (bins == 0 || used == 0) return std::nullopt;
  double sum = 0;
  for (std::size_t bin = 0; bin < used; ++bin) {
    const std::size_t first = bin * bin_size, end = bin + 1 == bins ? sorted.size() : first + bin_size;
    double gap = 0;
    for (std::size_t i = first; i < end; ++i) gap += sorted[i].confidence - sorted[i].correct;
    sum += gap * gap / static_cast<double>(end - first);
  }
  return std::sqrt(sum / static_cast<double>(sorted.size()));
}

double aurra(const std::vector<Answer>& answers) {
  if (answers.empty()) return 0;
  const std::vector<Answer> sorted = by_confidence(answers);
  double correct = 0, rank = 0, sum = 0;
  for (auto answer = sorted.rbegin(); answer != sorted.rend(); ++answer) {
    correct += answer->correct;
    sum += correct / ++rank;
  }
  return sum / rank;
}

double brier_of_choice(const std::vector<Answer>& answers) {
  double sum = 0;
  for (const Answer& answer : answers)
    sum += (answer.confidence - answer.correct) * (answer.confidence - answer.correct);
  return answers.empty() ? 0 : sum / static_cast<double>(answers.size());
}

}  // namespace luvit
