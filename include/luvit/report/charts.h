#pragma once
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "luvit/report/figure.h"

// Charts as plain data; draw() makes a figure of each, its CSV from the same numbers. In all of them a NaN stands for
// "nothing there". Sequences of one series have equal lengths, else UsageError.
namespace luvit {

inline constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

enum class Scale { linear, logarithmic };
enum class Unit { number, percent };  // percent: the values are shares 0..1, their labels 0..100

struct Range {
  double low, high;
};

struct Axis {
  std::string label;
  Scale scale = Scale::linear;  // logarithmic: values that are not positive are left out
  Unit unit = Unit::number;
  std::optional<Range> range = {};  // else that of the data, with a margin
};

struct Series {
  std::string name;  // in the legend, where a chart has several
  std::vector<double> x, y;
  std::vector<double> low = {}, high = {};  // an interval around each y
};

// Lines and scattered points over two axes. Thousands of points stay readable: where they lie densely the colour is
// stronger, and all of them are in the CSV.
struct Plot {
  std::string name, title;
  Axis x, y;
  std::vector<Series> lines = {};   // an interval is a band
  std::vector<Series> points = {};  // an interval is an error bar
  bool equal_axes = false;          // one range for both, a square frame and the diagonal y = x
  double width = 420, height = 270;
};
Figure draw(const Plot& plot);

struct Bars {
  std::string name;
  std::vector<double> values;               // one a category
  std::vector<double> low = {}, high = {};  // an interval around each value
};

// Horizontal bars from zero, so that names of any length stand beside them.
struct BarChart {
  std::string name, title;
  std::vector<std::string> categories;
  std::vector<Bars> series;
  Axis axis;
  double width = 420;
};
Figure draw(const BarChart& chart);

// A grid of values, each written in its cell.
struct HeatMap {
  struct Group {
    std::string name;
    std::size_t rows;
  };
  std::string name, title;
  std::string row_label, column_label;
  std::vector<std::string> rows, columns;
  std::vector<std::vector<double>> values;  // [rows][columns]
  Axis colour;                              // what the values are; its range is that of the colours
  std::vector<Group> groups = {};           // rows that belong together, from the top
};
Figure draw(const HeatMap& map);

// How often a classifier is right, over how sure it is: equal bins of confidence from 0 to 1, and below them how many
// images each bin holds.
struct ReliabilityDiagram {
  std::string name, title;
  std::vector<double> n, accuracy, confidence;  // a bin; the last two are means 0..1, anything where n is 0
};
Figure draw(const ReliabilityDiagram& diagram);

}  // namespace luvit
