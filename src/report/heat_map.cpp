#include <algorithm>
#include <cmath>

#include "axes.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/csv.h"
#include "luvit/report/colours.h"

namespace luvit {
namespace {

constexpr double least_cell_width = 44, cell_height = 22, group_gap = 6;
constexpr double tick_room = 44;  // of the colour scale's

void check(const HeatMap& map) {
  bool whole = map.values.size() == map.rows.size();
  for (const auto& row : map.values) whole = whole && row.size() == map.columns.size();
  if (!whole)
    throw UsageError(str("figure ", map.name, ": expected ", map.rows.size(), "×", map.columns.size(), " values"));
}

std::string csv_of(const HeatMap& map) {
  std::string out = csv_record({map.row_label, map.column_label, "value"});
  for (std::size_t r = 0; r < map.rows.size(); ++r)
    for (std::size_t c = 0; c < map.columns.size(); ++c)
      out += csv_record({map.rows[r], map.columns[c], exact(map.values[r][c])});
  return out;
}

Range range_of(const HeatMap& map) {
  if (map.colour.range) return *map.colour.range;
  Range range{nothing, nothing};
  for (const auto& row : map.values) {
    for (double value : row) {
      if (!std::isfinite(value)) continue;
      range = {std::fmin(range.low, value), std::fmax(range.high, value)};
    }
  }
  return std::isnan(range.low) ? Range{0, 1} : range;
}

double share(const Range& range, double value) {
  return range.high > range.low ? (value - range.low) / (range.high - range.low) : 0.5;
}

// All cells are as wide as the widest of their texts wants to be; few of them leave room for the colour scale.
double cell_width_of(const HeatMap& map) {
  double widest = least_cell_width;
  for (const auto& row : map.values)
    for (const double value : row)
      if (std::isfinite(value))
        widest = std::max(widest, text_width(value_label(value, map.colour.unit), tick_size) + 10);
  for (const std::string& column : map.columns) widest = std::max(widest, text_width(column, tick_size) + 10);
  return std::max(widest, 3 * tick_room / static_cast<double>(std::max<std::size_t>(map.columns.size(), 1)));
}

struct Grid {
  double left, top, cell_width;
  std::vector<double> row_tops;
  double bottom;
};

Grid grid_of(const HeatMap& map, double top) {
  double names = 0;
  for (const std::string& row : map.rows) names = std::max(names, text_width(row, tick_size));
  Grid grid{.left = edge + (map.groups.empty() ? 0 : 20) + names + 8,
            .top = top,
            .cell_width = cell_width_of(map),
            .row_tops = {},
            .bottom = top};
  std::size_t group = 0, left_in_group = map.groups.empty() ? map.rows.size() : map.groups[0].rows;
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    if (left_in_group == 0 && ++group < map.groups.size()) {
      left_in_group = map.groups[group].rows;
      grid.bottom += group_gap;
    }
    grid.row_tops.push_back(grid.bottom);
    grid.bottom += cell_height;
    if (left_in_group > 0) --left_in_group;
  }
  return grid;
}

void draw_names(Svg& svg, const HeatMap& map, const Grid& grid) {
  const double middle = grid.left + grid.cell_width * static_cast<double>(map.columns.size()) / 2;
  svg.text(middle, grid.top - 24, map.column_label, "f-label", Anchor::middle);
  for (std::size_t c = 0; c < map.columns.size(); ++c)
    svg.text(grid.left + grid.cell_width * (static_cast<double>(c) + 0.5), grid.top - 7, map.columns[c], "f-tick",
             Anchor::middle);
  for (std::size_t r = 0; r < map.rows.size(); ++r)
    svg.text(grid.left - 8, grid.row_tops[r] + 15, map.rows[r], "f-tick", Anchor::end);
  std::size_t row = 0;
  for (const HeatMap::Group& group : map.groups) {
    if (group.rows == 0 || row + group.rows > map.rows.size()) continue;
    const double from = grid.row_tops[row], to = grid.row_tops[row + group.rows - 1] + cell_height;
    svg.upward_text(edge + 10, (from + to) / 2, shortened(group.name, tick_size, to - from), "f-label");
    row += group.rows;
  }
}

void draw_cells(Svg& svg, const HeatMap& map, const Grid& grid, const Range& range) {
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    for (std::size_t c = 0; c < map.columns.size(); ++c) {
      const double x = grid.left + grid.cell_width * static_cast<double>(c), y = grid.row_tops[r],
                   value = map.values[r][c];
      const double text_x = x + grid.cell_width / 2, text_y = y + 15;
      if (!std::isfinite(value)) {
        svg.text(text_x, text_y, "–", "f-tick", Anchor::middle);
        continue;
      }
      const Rgb colour = viridis(share(range, value));
      svg.filled_rect(x + 0.5, y + 0.5, grid.cell_width - 1, cell_height - 1, hex(colour));
      svg.text(text_x, text_y, value_label(value, map.colour.unit),
               takes_white_text(colour) ? "f-cell f-bright" : "f-cell f-dark", Anchor::middle);
    }
  }
}

double draw_colour_scale(Svg& svg, const HeatMap& map, const Grid& grid, const Range& range) {
  const double width = grid.cell_width * static_cast<double>(map.columns.size()), top = grid.bottom + 14;
  constexpr int steps = 40;
  for (int i = 0; i < steps; ++i)
    svg.filled_rect(grid.left + width * i / steps, top, width / steps + 0.3, 9, hex(viridis((i + 0.5) / steps)));
  const FittedAxis axis = fit({map.colour.label, Scale::linear, map.colour.unit, range}, {},
                              std::clamp<std::size_t>(static_cast<std::size_t>(width / tick_room), 2, 5));
  for (const Tick& tick : axis.ticks)
    svg.text(grid.left + axis.share_within(tick.value) * width, top + 22, tick.label, "f-tick", Anchor::middle);
  svg.text(grid.left + width / 2, top + 40, axis.label, "f-label", Anchor::middle);
  return top + 40 + edge;
}

}  // namespace

Figure draw(const HeatMap& map) {
  check(map);
  Svg svg;
  const Grid measured = grid_of(map, 0);
  const double width = measured.left + measured.cell_width * static_cast<double>(map.columns.size()) + edge + 8;
  const double top = draw_title(svg, map.title, width) + (map.column_label.empty() ? 20 : 36);
  const Grid grid = grid_of(map, top);
  const Range range = range_of(map);
  draw_names(svg, map, grid);
  draw_cells(svg, map, grid, range);
  const double bottom = draw_colour_scale(svg, map, grid, range);
  return {map.name, map.title, width, bottom, svg.take(), csv_of(map)};
}

}  // namespace luvit
