#include "luvit/report/gsnr_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "luvit/core/text.h"
#include "luvit/report/charts.h"
#include "luvit/report/page.h"
#include "numbers.h"

namespace luvit {
namespace {

using Point = GsnrReport::Point;
using Layer = GsnrReport::Layer;
using Value = GsnrReport::Value;

const char* const meaning =
    "The gradient signal-to-noise ratio of a parameter is the squared mean over the variance of its gradient across "
    "samples. R_l pools a layer: the sum of the squared means, less what noise alone gives it, over the sum of the "
    "variances; 1/R_l is the gradient noise scale, the batch size at which signal and noise are equal. Two readings "
    "stand in the literature: Liu et al. (2020) show that high ratios go with a small generalisation gap, and LUViT "
    "and "
    "Bai et al. explain their gains by them; Michalkiewicz et al. (2023) drop the parameters with the highest ratios, "
    "as over-predictive, for the sake of other domains. The figures here decide nothing between them.";

std::string significant(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return std::isfinite(value) ? text : no_value;
}

std::string step_text(double step) {
  return count_text(std::llround(step));
}

std::string with_interval(const Value& value) {
  if (!std::isfinite(value.low)) return significant(value.value);
  return str(significant(value.value), " [", significant(value.low), ", ", significant(value.high), "]");
}

bool is_whole(const Layer& layer) {
  return layer.name == "all";
}

std::vector<std::string> runs_of(const GsnrReport& report) {
  std::vector<std::string> runs;
  for (const Point& point : report.points)
    if (std::find(runs.begin(), runs.end(), point.run) == runs.end()) runs.push_back(point.run);
  return runs;
}

std::vector<const Point*> points_of(const GsnrReport& report, const std::string& run) {
  std::vector<const Point*> points;
  for (const Point& point : report.points)
    if (point.run == run) points.push_back(&point);
  return points;
}

const Layer* layer_named(const Point& point, const std::string& name) {
  for (const Layer& layer : point.layers)
    if (layer.name == name) return &layer;
  return nullptr;
}

// Of all points, in the order of the first that has them, the model last.
std::vector<std::string> layers_of(const GsnrReport& report) {
  std::vector<std::string> names;
  for (const Point& point : report.points)
    for (const Layer& layer : point.layers)
      if (!is_whole(layer) && std::find(names.begin(), names.end(), layer.name) == names.end())
        names.push_back(layer.name);
  names.push_back("all");
  return names;
}

Figure profile(const GsnrReport& report) {
  BarChart chart{.name = "gsnr_profile",
                 .title = "R_l of each layer, newest weights",
                 .categories = layers_of(report),
                 .series = {},
                 .axis = {.label = "R_l"}};
  for (const std::string& run : runs_of(report)) {
    Bars bars{.name = run, .values = {}};
    const Point& newest = *points_of(report, run).back();
    for (const std::string& name : chart.categories) {
      const Layer* layer = layer_named(newest, name);
      const Value value = layer ? layer->ratio : Value{};
      bars.values.push_back(value.value);
      bars.low.push_back(value.low);
      bars.high.push_back(value.high);
    }
    if (std::none_of(bars.low.begin(), bars.low.end(), [](double low) { return std::isfinite(low); }))
      bars.low.clear(), bars.high.clear();
    chart.series.push_back(std::move(bars));
  }
  return draw(chart);
}

// Of all runs, so that their maps can be held against one another.
Range range_of_maps(const GsnrReport& report) {
  Range range{nothing, nothing};
  for (const std::string& run : runs_of(report)) {
    const auto points = points_of(report, run);
    if (points.size() < 2) continue;
    for (const Point* point : points)
      for (const Layer& layer : point->layers)
        if (std::isfinite(layer.ratio.value))
          range = {std::fmin(range.low, layer.ratio.value), std::fmax(range.high, layer.ratio.value)};
  }
  return std::isnan(range.low) ? Range{0, 1} : range;
}

Figure course_map(const GsnrReport& report, const std::string& run) {
  HeatMap map{.name = "gsnr_map_" + run,
              .title = str("R_l by layer and step: ", run),
              .row_label = "layer",
              .column_label = "step",
              .rows = layers_of(report),
              .columns = {},
              .values = {},
              .colour = {.label = "R_l", .range = range_of_maps(report)}};
  map.values.resize(map.rows.size());
  for (const Point* point : points_of(report, run)) {
    map.columns.push_back(std::isfinite(point->step) ? step_text(point->step) : "end");
    for (std::size_t i = 0; i < map.rows.size(); ++i) {
      const Layer* layer = layer_named(*point, map.rows[i]);
      map.values[i].push_back(layer ? layer->ratio.value : nothing);
    }
  }
  return draw(map);
}

// Runs of several checkpoints beside one another; nullopt where none of them has this layer.
std::optional<Figure> course(const GsnrReport& report, const std::string& name) {
  Plot plot{
      .name = "gsnr_" + name, .title = str("R_l over training: ", name), .x = {.label = "step"}, .y = {.label = "R_l"}};
  for (const std::string& run : runs_of(report)) {
    Series line{.name = run, .x = {}, .y = {}};
    for (const Point* point : points_of(report, run)) {
      const Layer* layer = layer_named(*point, name);
      if (!layer || !std::isfinite(point->step)) continue;
      line.x.push_back(point->step);
      line.y.push_back(layer->ratio.value);
      line.low.push_back(layer->ratio.low);
      line.high.push_back(layer->ratio.high);
    }
    if (std::none_of(line.low.begin(), line.low.end(), [](double low) { return std::isfinite(low); }))
      line.low.clear(), line.high.clear();
    if (line.x.size() > 1) plot.lines.push_back(std::move(line));
  }
  if (plot.lines.empty()) return std::nullopt;
  return draw(plot);
}

void add_points(Page& page, const GsnrReport& report) {
  page.section("Figures by layer");
  for (const std::string& run : runs_of(report)) {
    const Point& point = *points_of(report, run).back();
    page.heading(std::isfinite(point.step) ? str(run, ", step ", step_text(point.step)) : run);
    Table table{.columns = {{"layer"},
                            {"parameters", Align::right},
                            {"left out", Align::right},
                            {"R_l", Align::right},
                            {"B_simple", Align::right},
                            {"mean r", Align::right},
                            {"median r", Align::right},
                            {"95th percentile", Align::right},
                            {"r > 0, %", Align::right}},
                .rows = {}};
    for (const Layer& layer : point.layers)
      table.rows.push_back({layer.name, count_text(layer.n), count_text(layer.left_out), with_interval(layer.ratio),
                            layer.ratio.value > 0 ? significant(1 / layer.ratio.value) : no_value,
                            with_interval(layer.mean), significant(layer.median), significant(layer.p95),
                            significant(100 * layer.share_positive)});
    page.table(table);
  }
  page.paragraph(
      str("Mean, median and percentile are over the parameters' own ratios r. A single r scatters by about "
          "1.4/N around its value (N = ",
          significant(report.samples), "): without any signal the median would be ",
          significant(-0.545 / report.samples), ", the 95th percentile ", significant(2.84 / report.samples),
          " and the share above zero 32 %; the mean and R_l would be 0. Left out are key biases, which "
          "softmax does not see, and parameters whose gradient is the same for all samples."));
}

void add_comparisons(Page& page, const GsnrReport& report) {
  for (const GsnrReport::Comparison& comparison : report.comparisons) {
    page.section(str(comparison.second, " less ", comparison.first));
    Table table{.columns = {{"layer"},
                            {comparison.first, Align::right},
                            {comparison.second, Align::right},
                            {"difference of R_l", Align::right}},
                .rows = {}};
    for (const GsnrReport::Difference& row : comparison.rows)
      table.rows.push_back({row.layer, significant(row.first), significant(row.second), with_interval(row.difference)});
    page.table(table);
    page.paragraph(
        "Over the tensors that both models have in the same shape, from the newest weights of each, on the "
        "same images; the interval is of the paired differences over the probe sets. An interval that holds "
        "0 shows no difference.");
  }
}

// Of an earlier measurement, perhaps of other runs.
void remove_figures(const fs::path& folder) {
  if (!is_folder(folder)) return;
  for (const fs::path& path : list_folder(folder))
    if (path.filename().string().starts_with("gsnr_")) file_layer().remove_all(path);
}

}  // namespace

void write_gsnr_report(const fs::path& folder, const GsnrReport& report) {
  remove_figures(folder / "figures");
  Page page("Gradient signal-to-noise ratio", join(runs_of(report), " · "));
  const auto add = [&](Figure figure, const std::string& caption) {
    figure.name = file_name_of(figure.name);
    write_figure(figure, folder / "figures");
    page.figure(figure, caption);
  };
  page.section("What is measured");
  page.paragraph(meaning);
  page.terms(report.settings);
  page.section("Layers");
  add(profile(report),
      "A longer bar: the samples' gradients in this layer agree more. Bars whose intervals (over the probe sets, 95%) "
      "reach 0 show no agreement beyond noise. The control is the same measurement of a model with a random or "
      "permuted block; with --random-labels a classifier shows what its confidence alone gives.");
  const auto runs = runs_of(report);
  const bool over_time =
      std::any_of(runs.begin(), runs.end(), [&](const std::string& run) { return points_of(report, run).size() > 1; });
  if (over_time) {
    page.section("Over training");
    for (const std::string& run : runs)
      if (points_of(report, run).size() > 1)
        add(course_map(report, run),
            "Each row a layer, each column a checkpoint; brighter is a higher R_l, on one scale for all runs. Of "
            "classifiers Liu et al. (2020) find that real labels raise it early in training and random ones do not.");
    for (const std::string& layer : layers_of(report))
      if (auto figure = course(report, layer))
        add(std::move(*figure), "The band is the 95% interval over the probe sets.");
  }
  if (!report.logged.empty()) page.section("Logged during training");
  for (const Figure& figure : report.logged)
    add(figure,
        "Of single steps, over their own images as training saw them (gsnr.every_steps): few samples, so it scatters.");
  add_points(page, report);
  add_comparisons(page, report);
  write_durably(folder / "report.html", page.html());
}

}  // namespace luvit
