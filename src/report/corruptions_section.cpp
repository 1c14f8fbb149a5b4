#include <array>
#include <cmath>

#include "luvit/core/text.h"
#include "luvit/report/charts.h"
#include "numbers.h"
#include "sections.h"
#include "wording.h"

namespace luvit {
namespace {

struct Family {
  const char* name;
  std::vector<const char*> corruptions;
};

// In the benchmark's order (hendrycks/robustness, make_imagenet_c.py); "extra" is outside its 15.
const std::array<Family, 5>& families() {
  static const std::array<Family, 5> all = {{
      {"noise", {"gaussian_noise", "shot_noise", "impulse_noise"}},
      {"blur", {"defocus_blur", "glass_blur", "motion_blur", "zoom_blur"}},
      {"weather", {"snow", "frost", "fog", "brightness"}},
      {"digital", {"contrast", "elastic_transform", "pixelate", "jpeg_compression"}},
      {"extra", {"speckle_noise", "gaussian_blur", "spatter", "saturate"}},
  }};
  return all;
}

const std::vector<double>* cells_of(const SuiteResult& suite, const std::string& corruption) {
  for (const auto& [name, cells] : suite.cells)
    if (name == corruption) return &cells;
  return nullptr;
}

bool is_known(const std::string& corruption) {
  for (const Family& family : families())
    for (const char* name : family.corruptions)
      if (corruption == name) return true;
  return false;
}

// A NaN where one of the values is.
double mean(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::string spaced(std::string name) {
  for (char& c : name)
    if (c == '_') c = ' ';
  return name;
}

HeatMap heat_map_of(const SuiteResult& suite) {
  HeatMap map{.name = suite.name + "_corruptions",
              .title = str(suite.generated ? "Generated corruptions" : "ImageNet-C", ": top-1 (%)"),
              .row_label = "corruption",
              .column_label = "severity",
              .rows = {},
              .columns = {"1", "2", "3", "4", "5", "mean"},
              .values = {},
              .colour = {.label = "top-1 accuracy", .unit = Unit::percent, .range = Range{0, 1}}};
  const auto add = [&](const std::string& corruption, std::vector<double> cells) {
    cells.push_back(mean(cells));
    map.rows.push_back(spaced(corruption));
    map.values.push_back(std::move(cells));
    ++map.groups.back().rows;
  };
  for (const Family& family : families()) {
    map.groups.push_back({family.name, 0});
    for (const char* corruption : family.corruptions)
      if (const auto* cells = cells_of(suite, corruption)) add(corruption, *cells);
    if (map.groups.back().rows == 0) map.groups.pop_back();
  }
  map.groups.push_back({"other", 0});
  for (const auto& [corruption, cells] : suite.cells)
    if (!is_known(corruption)) add(corruption, cells);
  if (map.groups.back().rows == 0) map.groups.pop_back();
  return map;
}

// A line a family: the mean over its corruptions at each severity.
Plot severity_plot_of(const SuiteResult& suite) {
  Plot plot{.name = suite.name + "_severities",
            .title = "How accuracy falls with severity",
            .x = {.label = "severity", .range = Range{1, 5}},
            .y = {.label = "top-1 accuracy", .unit = Unit::percent, .range = Range{0, 1}}};
  for (const Family& family : families()) {
    Series line{.name = family.name, .x = {}, .y = {}};
    for (std::size_t severity = 0; severity < 5; ++severity) {
      std::vector<double> values;
      for (const char* corruption : family.corruptions)
        if (const auto* cells = cells_of(suite, corruption)) values.push_back((*cells)[severity]);
      if (values.empty()) break;
      line.x.push_back(static_cast<double>(severity + 1));
      line.y.push_back(mean(values));
    }
    if (!line.x.empty()) plot.lines.push_back(std::move(line));
  }
  return plot;
}

void add_means(Report& report, const SuiteResult& suite) {
  std::vector<FigureRow> rows;
  for (const char* key : {"acc19", "acc15", "mce", "relative_mce"})
    if (const auto value = suite.figure(key))
      rows.push_back({wording_of(key, suite.generated), *value, suite.images()});
  add_figures(report.page, rows);
}

}  // namespace

void add_corruptions(Report& report) {
  bool first = true;
  for (const SuiteResult& suite : report.run.suites) {
    if (suite.cells.empty()) continue;
    if (first) report.page.section("Corruptions");
    first = false;
    report.page.heading(str(suite.name, ": ", kind_name(suite)));
    if (suite.generated) report.page.warning(str("Generated here, not ImageNet-C: ", kind_meaning(suite)));
    add_means(report, suite);
    const HeatMap map = heat_map_of(suite);
    report.add(draw(map), str("Each cell is the share of images named right, in percent; severity 5 is the strongest. ",
                              "Rows stand as in the benchmark, by family. “–”: not evaluated."));
    const Plot plot = severity_plot_of(suite);
    if (!plot.lines.empty())
      report.add(draw(plot), "The mean of each family’s corruptions. The extra family is outside the benchmark’s 15.");
  }
}

}  // namespace luvit
