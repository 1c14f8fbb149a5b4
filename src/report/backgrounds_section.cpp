#include "luvit/core/text.h"
#include "luvit/report/charts.h"
#include "numbers.h"
#include "sections.h"
#include "wording.h"

namespace luvit {
namespace {

void add_variations(Report& report, const SuiteResult& suite) {
  BarChart chart{.name = suite.name + "_backgrounds",
                 .title = "Accuracy when the background changes",
                 .categories = {},
                 .series = {{"top-1", {}}},
                 .axis = {.label = "top-1 accuracy", .unit = Unit::percent, .range = Range{0, 1}}};
  for (const char* key :
       {"original", "mixed_same", "mixed_rand", "mixed_next", "no_fg", "only_bg_b", "only_bg_t", "only_fg"}) {
    const auto value = suite.figure(key);
    if (!value) continue;
    chart.categories.push_back(wording_of(key, false).name);
    chart.series[0].values.push_back(*value);
  }
  report.add(draw(chart),
             "Right is an answer among any of the 1000 classes that belongs to the object’s group of nine; classes "
             "outside all groups count as wrong.");
}

}  // namespace

void add_backgrounds(Report& report) {
  bool first = true;
  for (const SuiteResult& suite : report.run.suites) {
    if (suite.kind != "imagenet9" || !suite.figure("original")) continue;
    if (first) report.page.section("Backgrounds");
    first = false;
    report.page.heading(str(suite.name, ": ", kind_name(suite)));
    report.page.paragraph("The smaller a gap, the less the model looks at what is behind the object.");
    std::vector<FigureRow> gaps;
    for (const char* key : {"gap_os", "gap_or", "gap_sr"})
      if (const auto value = suite.figure(key)) gaps.push_back({wording_of(key, false), *value, suite.images()});
    add_figures(report.page, gaps);
    add_variations(report, suite);
  }
}

}  // namespace luvit
