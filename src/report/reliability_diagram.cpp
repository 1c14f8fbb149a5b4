#include <algorithm>
#include <cmath>
#include <numeric>

#include "axes.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/csv.h"

namespace luvit {
namespace {

constexpr double width = 400, counts_height = 64;

std::string csv_of(const ReliabilityDiagram& diagram) {
  std::string out = csv_record({"bin_from", "bin_to", "n", "accuracy", "confidence"});
  const auto bins = static_cast<double>(diagram.n.size());
  for (std::size_t b = 0; b < diagram.n.size(); ++b) {
    const auto bin = static_cast<double>(b);
    const bool empty = diagram.n[b] == 0;
    out += csv_record({exact(bin / bins), exact((bin + 1) / bins), exact(diagram.n[b]),
                       empty ? "" : exact(diagram.accuracy[b]), empty ? "" : exact(diagram.confidence[b])});
  }
  return out;
}

// A bar as high as the accuracy, and from there to the bin's mean confidence what is too sure or not sure enough.
void draw_bins(Svg& svg, const Frame& frame, const ReliabilityDiagram& diagram) {
  const auto bins = static_cast<double>(diagram.n.size());
  for (std::size_t b = 0; b < diagram.n.size(); ++b) {
    if (diagram.n[b] == 0) continue;
    const double left = frame.across(static_cast<double>(b) / bins) + 0.75,
                 right = frame.across((static_cast<double>(b) + 1) / bins) - 0.75;
    const double accuracy = frame.down(diagram.accuracy[b]), confidence = frame.down(diagram.confidence[b]);
    svg.rect(left, accuracy, right - left, frame.bottom - accuracy, "f-bar f-s0");
    svg.rect(left, std::min(accuracy, confidence), right - left, std::abs(accuracy - confidence), "f-gap");
    svg.line(left, accuracy, right, accuracy, "f-error");
  }
  svg.line(frame.left, frame.bottom, frame.right, frame.top, "f-diagonal");
}

void draw_counts(Svg& svg, const Frame& frame, const ReliabilityDiagram& diagram) {
  const auto bins = static_cast<double>(diagram.n.size());
  const double total = std::accumulate(diagram.n.begin(), diagram.n.end(), 0.);
  for (std::size_t b = 0; b < diagram.n.size(); ++b) {
    if (diagram.n[b] == 0) continue;
    const double left = frame.across(static_cast<double>(b) / bins) + 0.75,
                 right = frame.across((static_cast<double>(b) + 1) / bins) - 0.75;
    const double top = frame.down(diagram.n[b] / total);
    svg.rect(left, top, right - left, frame.bottom - top, "f-count");
  }
}

}  // namespace

Figure draw(const ReliabilityDiagram& diagram) {
  const std::size_t bins = diagram.n.size();
  if (bins == 0 || diagram.accuracy.size() != bins || diagram.confidence.size() != bins)
    throw UsageError(str("figure ", diagram.name, ": ", bins, " bins with ", diagram.accuracy.size(),
                         " accuracies and ", diagram.confidence.size(), " confidences; expected as many of each"));
  Svg svg;
  double top = draw_title(svg, diagram.title, width);
  top = draw_legend(svg,
                    {{"accuracy", "f-bar f-s0", LegendEntry::Mark::box},
                     {"gap to confidence", "f-gap", LegendEntry::Mark::box},
                     {"share of images", "f-count", LegendEntry::Mark::box}},
                    top, width) +
        8;
  const Axis share{.label = "", .unit = Unit::percent, .range = Range{0, 1}};
  Frame frame{
      .left = 0, .top = top, .right = width - edge - 12, .bottom = 0, .x = fit(share, {}, 5), .y = fit(share, {}, 5)};
  frame.x.label.clear();
  frame.y.label = "accuracy (%)";
  frame.left = left_margin(frame.y);
  frame.bottom = top + 280;
  draw_axes(svg, frame);
  draw_bins(svg, frame, diagram);

  Frame counts = frame;
  counts.top = frame.bottom + 32;
  counts.bottom = counts.top + counts_height;
  const double total = std::accumulate(diagram.n.begin(), diagram.n.end(), 0.);
  std::vector<double> shares = {0};
  for (double n : diagram.n) shares.push_back(total > 0 ? n / total : 0);
  counts.y = fit({.label = "images", .unit = Unit::percent}, shares, 2);
  counts.x.label = "confidence (%)";
  draw_axes(svg, counts);
  draw_counts(svg, counts, diagram);
  return {diagram.name, diagram.title, width, counts.bottom + bottom_margin(counts.x), svg.take(), csv_of(diagram)};
}

}  // namespace luvit
