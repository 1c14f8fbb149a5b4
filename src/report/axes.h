#pragma once
#include <string>
#include <vector>

#include "luvit/report/charts.h"
#include "svg.h"

namespace luvit {

struct Tick {
  double value;
  std::string label;
};

// An axis with its range and ticks settled.
struct FittedAxis {
  std::string label;
  Scale scale;
  Range range;
  std::vector<Tick> ticks;

  bool shows(double value) const;           // a number, and positive on a logarithmic axis
  double share(double value) const;         // 0 at the low end, 1 at the high end
  double share_within(double value) const;  // the same, cut off at the ends
};

// Without a range of its own the axis takes that of `values`, up to the next ticks.
FittedAxis fit(const Axis& axis, const std::vector<double>& values, std::size_t most_ticks);

// What a value is called beside a bar and in a cell: "83.7" for 0.837 as percent; two digits of small ones ("0.0021").
std::string value_label(double value, Unit unit);

// The rectangle in which data are drawn, in the figure's coordinates.
struct Frame {
  double left, top, right, bottom;
  FittedAxis x, y;

  double across(double value) const { return left + x.share(value) * (right - left); }
  double down(double value) const { return bottom - y.share(value) * (bottom - top); }
  bool holds(double x_value, double y_value) const;
};

// The room that tick labels and the axis' name take.
double left_margin(const FittedAxis& y);
double right_margin(const FittedAxis& x);
double bottom_margin(const FittedAxis& x);
void draw_axes(Svg& svg, const Frame& frame);
// Of the two axes one: a grid line, a label, and the name for each tick.
void draw_x_axis(Svg& svg, const Frame& frame);
void draw_y_axis(Svg& svg, const Frame& frame);

// What stands above the frame. Both return where the next thing may begin.
double draw_title(Svg& svg, const std::string& title, double width);
struct LegendEntry {
  std::string name, look;
  enum class Mark { line, dot, box } mark;
};
double draw_legend(Svg& svg, const std::vector<LegendEntry>& entries, double top, double width);

// The class of a series' colour; colours repeat after the sixth.
std::string colour_look(std::size_t series);

inline constexpr double tick_size = 12, title_size = 14, edge = 10;

}  // namespace luvit
