#include <algorithm>
#include <cmath>

#include "axes.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/csv.h"

namespace luvit {
namespace {

void check(const std::string& plot, const Series& series) {
  const std::size_t n = series.x.size();
  const bool interval = !series.low.empty() || !series.high.empty();
  if (series.y.size() != n || (interval && (series.low.size() != n || series.high.size() != n)))
    throw UsageError(str("figure ", plot, ", series '", series.name, "': ", n, " x, ", series.y.size(), " y, ",
                         series.low.size(), " low, ", series.high.size(), " high; expected as many of each"));
}

std::vector<Series> all_series(const Plot& plot) {
  std::vector<Series> all = plot.lines;
  all.insert(all.end(), plot.points.begin(), plot.points.end());
  return all;
}

std::string csv_of(const std::vector<Series>& all) {
  const bool intervals = std::any_of(all.begin(), all.end(), [](const Series& s) { return !s.low.empty(); });
  std::vector<std::string> header = {"series", "x", "y"};
  if (intervals) header.insert(header.end(), {"low", "high"});
  std::string out = csv_record(header);
  for (const Series& series : all) {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      std::vector<std::string> record = {series.name, exact(series.x[i]), exact(series.y[i])};
      if (intervals) {
        record.push_back(series.low.empty() ? "" : exact(series.low[i]));
        record.push_back(series.low.empty() ? "" : exact(series.high[i]));
      }
      out += csv_record(record);
    }
  }
  return out;
}

std::vector<LegendEntry> legend_of(const Plot& plot) {
  std::vector<LegendEntry> entries;
  if (plot.lines.size() + plot.points.size() < 2) return entries;
  for (const Series& line : plot.lines)
    entries.push_back({line.name, str("f-line ", colour_look(entries.size())), LegendEntry::Mark::line});
  for (const Series& points : plot.points)
    entries.push_back({points.name, str("f-dots ", colour_look(entries.size())), LegendEntry::Mark::dot});
  return entries;
}

std::size_t ticks_on(double length, double apart) {
  return std::clamp<std::size_t>(static_cast<std::size_t>(length / apart), 2, 6);
}

Frame frame_of(const Plot& plot, const std::vector<Series>& all, double top) {
  std::vector<double> x, y;
  for (const Series& series : all) {
    x.insert(x.end(), series.x.begin(), series.x.end());
    for (const auto* values : {&series.y, &series.low, &series.high}) y.insert(y.end(), values->begin(), values->end());
  }
  Axis y_axis = plot.y;
  if (plot.equal_axes) {
    x.insert(x.end(), y.begin(), y.end());
    y = x;
    y_axis.range = plot.x.range;
    y_axis.scale = plot.x.scale;
  }
  Frame frame{.left = 0,
              .top = top,
              .right = 0,
              .bottom = 0,
              .x = fit(plot.x, x, ticks_on(plot.width, 65)),
              .y = fit(y_axis, y, ticks_on(plot.equal_axes ? plot.width : plot.height, plot.equal_axes ? 65 : 40))};
  frame.left = left_margin(frame.y);
  frame.right = plot.width - right_margin(frame.x);
  frame.bottom = top + (plot.equal_axes ? frame.right - frame.left : plot.height);
  return frame;
}

// Calls draw(from, to) for each stretch of a line that has no gap.
template <typename Draw>
void for_each_stretch(const Frame& frame, const Series& series, Draw draw) {
  std::size_t from = 0;
  for (std::size_t i = 0; i <= series.x.size(); ++i) {
    if (i < series.x.size() && frame.x.shows(series.x[i]) && frame.y.shows(series.y[i])) continue;
    if (i > from) draw(from, i);
    from = i + 1;
  }
}

std::string path_to(const Frame& frame, double x, double y, bool first) {
  return str(first ? 'M' : 'L', coordinate(frame.across(x)), ' ', coordinate(frame.down(y)));
}

void draw_line(Svg& svg, const Frame& frame, const Series& series, const std::string& colour) {
  std::string line;
  for_each_stretch(frame, series, [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) line += path_to(frame, series.x[i], series.y[i], i == from);
    if (to == from + 1) line += "h0.01";  // a lone value between gaps
    if (series.low.empty()) return;
    std::string band;
    for (std::size_t i = from; i < to; ++i)
      if (frame.y.shows(series.high[i])) band += path_to(frame, series.x[i], series.high[i], band.empty());
    for (std::size_t i = to; i-- > from;)
      if (frame.y.shows(series.low[i])) band += path_to(frame, series.x[i], series.low[i], band.empty());
    if (!band.empty()) svg.path(band + "Z", str("f-band ", colour));
  });
  if (!line.empty()) svg.path(line, str("f-line ", colour));
}

// A dot is a line of no length with a round end, which takes a third of a circle's text. One path is painted as one
// shape; dealt to several translucent ones, dots that lie on each other add up.
void draw_points(Svg& svg, const Frame& frame, const Series& series, const std::string& colour) {
  constexpr std::size_t many = 300;
  const bool is_many = series.x.size() > many;
  std::vector<std::string> layers(is_many ? 16 : 4);
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    const double x = series.x[i], y = series.y[i];
    if (!frame.x.shows(x) || !frame.y.shows(y)) continue;
    layers[i % layers.size()] += path_to(frame, x, y, true) + "h0";
    if (series.low.empty() || !frame.y.shows(series.low[i]) || !frame.y.shows(series.high[i])) continue;
    svg.path(path_to(frame, x, series.low[i], true) + path_to(frame, x, series.high[i], false), "f-error");
  }
  for (const std::string& layer : layers)
    if (!layer.empty()) svg.path(layer, str("f-dots ", is_many ? "f-many " : "", colour));
}

std::size_t points_outside(const Frame& frame, const std::vector<Series>& all) {
  std::size_t outside = 0;
  for (const Series& series : all)
    for (std::size_t i = 0; i < series.x.size(); ++i)
      outside += std::isfinite(series.x[i]) && std::isfinite(series.y[i]) && !frame.holds(series.x[i], series.y[i]);
  return outside;
}

void draw_data(Svg& svg, const Plot& plot, const Frame& frame) {
  constexpr double half_line = 2;  // of what runs along a side, all is seen
  svg.open_window(frame.left - half_line, frame.top - half_line, frame.right - frame.left + 2 * half_line,
                  frame.bottom - frame.top + 2 * half_line);
  if (plot.equal_axes) svg.line(frame.left, frame.bottom, frame.right, frame.top, "f-diagonal");
  std::size_t colour = 0;
  for (const Series& line : plot.lines) draw_line(svg, frame, line, colour_look(colour++));
  for (const Series& points : plot.points) draw_points(svg, frame, points, colour_look(colour++));
  svg.close_window();
}

}  // namespace

Figure draw(const Plot& plot) {
  const std::vector<Series> all = all_series(plot);
  for (const Series& series : all) check(plot.name, series);
  Svg svg;
  double top = draw_title(svg, plot.title, plot.width);
  top = draw_legend(svg, legend_of(plot), top, plot.width) + 8;
  const Frame frame = frame_of(plot, all, top);
  draw_axes(svg, frame);
  draw_data(svg, plot, frame);
  double bottom = frame.bottom + bottom_margin(frame.x);
  if (const std::size_t outside = points_outside(frame, all)) {
    svg.text(frame.left, bottom + 8, str(outside, outside == 1 ? " point lies" : " points lie", " outside the axes"),
             "f-note");
    bottom += 18;
  }
  return {plot.name, plot.title, plot.width, bottom, svg.take(), csv_of(all)};
}

}  // namespace luvit
