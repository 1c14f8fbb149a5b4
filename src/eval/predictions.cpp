#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "luvit/eval/classification.h"

namespace luvit {
namespace {

using Row = std::span<const float>;

// The best places first; a later one takes a place only by being greater.
std::array<std::int64_t, 5> best_five(Row scores) {
  std::array<std::int64_t, 5> best = {-1, -1, -1, -1, -1};
  for (std::int64_t i = 0; i < std::ssize(scores); ++i)
    for (std::size_t place = best.size(); place-- > 0;) {
      if (best[place] >= 0 && !(scores[i] > scores[best[place]])) break;
      if (place + 1 < best.size()) best[place + 1] = best[place];
      best[place] = i;
    }
  return best;
}

double squared_error(Row probability, std::int64_t label) {
  double sum = 0;
  for (std::int64_t i = 0; i < std::ssize(probability); ++i) {
    const double error = static_cast<double>(probability[i]) - (i == label ? 1 : 0);
    sum += error * error;
  }
  return sum;
}

// Each label's probability, the sum over its classes; the last element is what belongs to no label.
std::vector<float> label_probabilities(Row probability, const std::vector<std::int64_t>& label_of) {
  const auto labels = static_cast<std::size_t>(*std::max_element(label_of.begin(), label_of.end()) + 1);
  std::vector<double> sums(labels + 1);
  for (std::size_t i = 0; i < probability.size(); ++i)
    sums[label_of[i] < 0 ? labels : static_cast<std::size_t>(label_of[i])] += static_cast<double>(probability[i]);
  return {sums.begin(), sums.end()};
}

// −log Σ exp over the classes of a label: finite where each of their probabilities is too small for a float.
float label_nll(Row log_probability, std::int64_t label, const std::vector<std::int64_t>& label_of) {
  const auto over_classes = [&](const auto& visit) {
    for (std::size_t i = 0; i < label_of.size(); ++i)
      if (label_of[i] == label) visit(static_cast<double>(log_probability[i]));
  };
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  over_classes([&](double one) { most = std::max(most, one); });
  over_classes([&](double one) { sum += std::exp(one - most); });
  return static_cast<float>(-most - std::log(sum));
}

std::int64_t best_of(Row scores, const std::vector<std::int64_t>& subset) {
  std::int64_t best = -1;
  for (const std::int64_t i : subset)
    if (best < 0 || scores[static_cast<std::size_t>(i)] > scores[static_cast<std::size_t>(best)]) best = i;
  return best;
}

}  // namespace

bool Scoring::right(std::int64_t label, std::int64_t predicted) const {
  if (label_of.empty()) return predicted == label;
  return predicted >= 0 && label_of[static_cast<std::size_t>(predicted)] == label;
}

std::vector<Prediction> predictions_of(const at::Tensor& logits, const at::Tensor& label, const Scoring& scoring) {
  const at::NoGradGuard no_gradients;
  const at::Tensor all = logits.to(at::kCPU, at::kFloat).contiguous();
  const auto& subset = scoring.subset;
  const at::Tensor scored = subset.empty() ? all : all.index_select(1, at::tensor(subset, at::kLong));
  const at::Tensor log_softmax = at::log_softmax(scored, 1), softmax = at::softmax(scored, 1);
  const at::Tensor labels = label.to(at::kCPU).contiguous();
  const auto row = [](const at::Tensor& of, std::int64_t i) {
    const std::int64_t width = of.size(1);
    return Row(of.const_data_ptr<float>() + i * width, static_cast<std::size_t>(width));
  };

  std::vector<Prediction> predictions(static_cast<std::size_t>(all.size(0)));
  for (std::int64_t i = 0; i < all.size(0); ++i) {
    Prediction& out = predictions[static_cast<std::size_t>(i)];
    out.label = labels.const_data_ptr<std::int64_t>()[i];
    out.top = best_five(row(scored, i));
    out.confidence = row(softmax, i)[static_cast<std::size_t>(out.top[0])];
    if (!scoring.label_of.empty()) {
      out.nll = label_nll(row(log_softmax, i), out.label, scoring.label_of);
      out.brier = static_cast<float>(squared_error(label_probabilities(row(softmax, i), scoring.label_of), out.label));
    } else {
      const auto place =
          subset.empty() ? out.label : std::lower_bound(subset.begin(), subset.end(), out.label) - subset.begin();
      out.nll = -row(log_softmax, i)[static_cast<std::size_t>(place)];
      out.brier = static_cast<float>(squared_error(row(softmax, i), place));
    }
    out.best_of_all = subset.empty() ? out.top[0] : best_five(row(all, i))[0];
    for (std::size_t j = 0; j < scoring.also.size(); ++j) out.also[j] = best_of(row(all, i), scoring.also[j]);
    for (std::int64_t& place : out.top)
      if (!subset.empty() && place >= 0) place = subset[static_cast<std::size_t>(place)];
  }
  return predictions;
}

ClassificationScores scores_of(const std::vector<Prediction>& predictions, const Scoring& scoring) {
  std::int64_t first = 0, among_five = 0;
  double nll = 0, brier = 0;
  for (const Prediction& p : predictions) {
    const auto right = [&](std::int64_t predicted) { return scoring.right(p.label, predicted); };
    first += right(p.top[0]);
    among_five += std::any_of(p.top.begin(), p.top.end(), right);
    nll += static_cast<double>(p.nll);
    brier += static_cast<double>(p.brier);
  }
  const auto n = static_cast<double>(std::max<std::size_t>(predictions.size(), 1));
  return {.n = std::ssize(predictions),
          .top1 = static_cast<double>(first) / n,
          .top5 = static_cast<double>(among_five) / n,
          .nll = nll / n,
          .brier = brier / n};
}

}  // namespace luvit
