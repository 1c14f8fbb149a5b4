#include <cmath>

#include "luvit/core/text.h"
#include "luvit/report/charts.h"
#include "numbers.h"
#include "sections.h"

namespace luvit {
namespace {

double weighted_mean(const std::vector<double>& n, const std::vector<double>& values) {
  double sum = 0, weight = 0;
  for (std::size_t bin = 0; bin < n.size(); ++bin) {
    if (n[bin] == 0) continue;
    sum += n[bin] * values[bin];
    weight += n[bin];
  }
  return weight > 0 ? sum / weight : 0;
}

std::string caption_of(const SuiteResult& suite) {
  const ReliabilityBins& bins = *suite.reliability;
  const double confidence = weighted_mean(bins.n, bins.confidence), accuracy = weighted_mean(bins.n, bins.accuracy);
  const std::int64_t n = suite.images();
  const auto ece = suite.figure("ece");
  return str(ece ? str("ECE ", percent_text(*ece, n), "%. ") : "", "On average the model is ",
             percent_text(confidence, n), "% sure and right in ", percent_text(accuracy, n), "%: ",
             std::abs(confidence - accuracy) < 0.005 ? "on the whole neither too sure nor too little."
             : confidence > accuracy                 ? "too sure of itself."
                                                     : "less sure than it might be.");
}

}  // namespace

void add_calibration(Report& report) {
  bool first = true;
  for (const SuiteResult& suite : report.run.suites) {
    if (!suite.reliability) continue;
    if (first) {
      report.page.section("Calibration");
      report.page.paragraph(
          "A calibrated model that is 80% sure is right in 80 of 100 cases. A bar ends, with a dark edge, at the "
          "accuracy of the images whose confidence is in its bin. Orange is what lies between that and their mean "
          "confidence: above the edge the model is too sure, below it not sure enough. On the dashed line the two are "
          "equal. Under each diagram: how many of the images each bin holds.");
    }
    first = false;
    const ReliabilityBins& bins = *suite.reliability;
    report.add(draw(ReliabilityDiagram{suite.name + "_reliability", str("Reliability on ", suite.name), bins.n,
                                       bins.accuracy, bins.confidence}),
               caption_of(suite));
  }
}

}  // namespace luvit
