#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace luvit {

// A classifier's answer to one image.
struct Answer {
  double confidence = 0;  // softmax of the class it chose, 0..1
  bool correct = false;
};

// Equal bins of confidence, each open below and closed above (0 itself is in the first): what a reliability diagram
// shows. An empty bin has accuracy and confidence 0.
struct Reliability {
  std::vector<std::int64_t> n;
  std::vector<double> accuracy, confidence;  // means over the bin
};
Reliability reliability(const std::vector<Answer>& answers, int bins = 15);

// Σ n/N · |accuracy − confidence| over the bins (Guo et al. 2017). 0 of no answers.
double expected_calibration_error(const Reliability& bins);

// Root mean square of accuracy − confidence over bins of 100 answers of neighbouring confidence; the last bin takes the
// rest (Hendrycks et al., natural-adv-examples eval.py). The official loop leaves that last bin out, though its answers
// still count in N: `as_published` does as it does. nullopt where no bin is left. Equal confidences keep their order.
std::optional<double> rms_calibration_error(const std::vector<Answer>& answers, bool as_published);

// Area under the response rate against accuracy curve: the mean, over k, of the accuracy of the k most confident
// answers (the same source). Equal confidences keep the order that a reversed stable sort gives them.
double aurra(const std::vector<Answer>& answers);

// Brier score of the chosen class alone, mean of (confidence − correct)²: of all that a file of predictions holds. The
// score over all classes needs every probability.
double brier_of_choice(const std::vector<Answer>& answers);

}  // namespace luvit
