#include <algorithm>
#include <cmath>

#include "axes.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/csv.h"

namespace luvit {
namespace {

constexpr double bar_height = 16, category_gap = 10;

void check(const BarChart& chart) {
  const std::size_t n = chart.categories.size();
  for (const Bars& bars : chart.series) {
    const bool interval = !bars.low.empty() || !bars.high.empty();
    if (bars.values.size() != n || (interval && (bars.low.size() != n || bars.high.size() != n)))
      throw UsageError(str("figure ", chart.name, ", series '", bars.name, "': ", bars.values.size(), " values, ",
                           bars.low.size(), " low, ", bars.high.size(), " high; expected ", n));
  }
  if (chart.axis.scale != Scale::linear) throw UsageError(str("figure ", chart.name, ": bars need a linear axis"));
}

std::string csv_of(const BarChart& chart) {
  std::string out = csv_record({"category", "series", "value", "low", "high"});
  for (std::size_t i = 0; i < chart.categories.size(); ++i) {
    for (const Bars& bars : chart.series) {
      const bool interval = !bars.low.empty();
      out += csv_record({chart.categories[i], bars.name, exact(bars.values[i]), interval ? exact(bars.low[i]) : "",
                         interval ? exact(bars.high[i]) : ""});
    }
  }
  return out;
}

// Bars begin at zero, whatever the values are: their lengths are what is compared.
Frame frame_of(const BarChart& chart, double top) {
  std::vector<double> values = {0};
  for (const Bars& bars : chart.series) {
    for (const auto* more : {&bars.values, &bars.low, &bars.high})
      values.insert(values.end(), more->begin(), more->end());
  }
  double names = 0;
  for (const std::string& category : chart.categories) names = std::max(names, text_width(category, tick_size));
  const double left = edge + std::min(names, 0.36 * chart.width) + 8, room_for_values = 44;
  const double group = bar_height * static_cast<double>(chart.series.size()) + category_gap;
  return {.left = left,
          .top = top,
          .right = chart.width - edge - room_for_values,
          .bottom = top + group * static_cast<double>(chart.categories.size()) + category_gap,
          .x = fit(chart.axis, values, 5),
          .y = fit({}, {}, 2)};
}

void draw_bar(Svg& svg, const Frame& frame, const BarChart& chart, std::size_t series, std::size_t category, double y) {
  const Bars& bars = chart.series[series];
  const double value = bars.values[category];
  if (!std::isfinite(value)) {
    svg.text(frame.left + frame.x.share_within(0) * (frame.right - frame.left) + 5, y + 12, "–", "f-tick");
    return;
  }
  const auto across = [&](double v) { return frame.left + frame.x.share_within(v) * (frame.right - frame.left); };
  const double zero = across(0), end = across(value);
  svg.rect(std::min(zero, end), y + 1, std::abs(end - zero), bar_height - 2, str("f-bar ", colour_look(series)));
  double label_at = std::max(zero, end);
  if (!bars.low.empty() && std::isfinite(bars.low[category]) && std::isfinite(bars.high[category])) {
    const double from = across(bars.low[category]), to = across(bars.high[category]), middle = y + bar_height / 2;
    const auto at = [](double px, double py) { return str(coordinate(px), ' ', coordinate(py)); };
    svg.path(
        str('M', at(from, middle - 4), "v8M", at(from, middle), 'L', at(to, middle), 'M', at(to, middle - 4), "v8"),
        "f-error");
    label_at = std::max(label_at, to);
  }
  svg.text(label_at + 5, y + 12, value_label(value, chart.axis.unit), "f-tick");
}

// In at most two lines.
void draw_category(Svg& svg, const std::string& name, double right, double middle) {
  const double width = right - edge;
  std::vector<std::string> lines = wrapped(name, tick_size, width);
  for (std::size_t i = 2; i < lines.size(); ++i) lines[1] += ' ' + lines[i];
  lines.resize(std::min<std::size_t>(lines.size(), 2));
  double baseline = middle + 4 - 6.5 * (static_cast<double>(lines.size()) - 1);
  for (const std::string& line : lines) {
    svg.text(right, baseline, shortened(line, tick_size, width), "f-tick", Anchor::end);
    baseline += 13;
  }
}

}  // namespace

Figure draw(const BarChart& chart) {
  check(chart);
  Svg svg;
  double top = draw_title(svg, chart.title, chart.width);
  std::vector<LegendEntry> legend;
  for (std::size_t s = 0; s < chart.series.size() && chart.series.size() > 1; ++s)
    legend.push_back({chart.series[s].name, str("f-bar ", colour_look(s)), LegendEntry::Mark::box});
  top = draw_legend(svg, legend, top, chart.width) + 8;
  const Frame frame = frame_of(chart, top);
  draw_x_axis(svg, frame);
  double y = frame.top + category_gap;
  for (std::size_t c = 0; c < chart.categories.size(); ++c) {
    const double group = bar_height * static_cast<double>(chart.series.size());
    draw_category(svg, chart.categories[c], frame.left - 8, y + group / 2);
    for (std::size_t s = 0; s < chart.series.size(); ++s)
      draw_bar(svg, frame, chart, s, c, y + bar_height * static_cast<double>(s));
    y += group + category_gap;
  }
  const double zero = frame.left + frame.x.share_within(0) * (frame.right - frame.left);
  svg.line(zero, frame.top, zero, frame.bottom, "f-axis");
  return {chart.name, chart.title, chart.width, frame.bottom + bottom_margin(frame.x), svg.take(), csv_of(chart)};
}

}  // namespace luvit
