#include <algorithm>

#include "luvit/core/text.h"
#include "luvit/report/charts.h"
#include "numbers.h"
#include "sections.h"
#include "wording.h"

namespace luvit {
namespace {

// The columns that at least one suite fills.
std::vector<std::string> columns_of(const RunResults& run) {
  std::vector<std::string> columns;
  for (const char* key : {"n", "top1", "interval95", "top5", "nll", "ece"}) {
    const bool filled = std::any_of(run.suites.begin(), run.suites.end(), [&](const SuiteResult& suite) {
      return key == std::string("interval95") ? suite.interval.has_value() : suite.figure(key).has_value();
    });
    if (filled) columns.push_back(key);
  }
  return columns;
}

std::string column_name(const std::string& key) {
  const Wording wording = wording_of(key, false);
  return wording.measure == Measure::share ? wording.name + ", %" : wording.name;
}

std::string cell_text(const SuiteResult& suite, const std::string& key) {
  const std::int64_t n = suite.images();
  if (key == "interval95") return suite.interval ? interval_text(*suite.interval, n) : no_value;
  const auto value = suite.figure(key);
  if (!value) return no_value;
  const Wording wording = wording_of(key, false);
  return wording.measure == Measure::share ? percent_text(*value, n) : value_text(wording, *value, n);
}

Table table_of(const RunResults& run, const std::vector<std::string>& keys) {
  Table table{.columns = {{"suite"}, {"what it is"}}, .rows = {}};
  for (const std::string& key : keys) table.columns.push_back({column_name(key), Align::right});
  for (const SuiteResult& suite : run.suites) {
    table.rows.push_back({suite.name, kind_name(suite)});
    for (const std::string& key : keys) table.rows.back().push_back(cell_text(suite, key));
  }
  return table;
}

void add_top1_figure(Report& report) {
  BarChart chart{.name = "top1",
                 .title = "Top-1 accuracy",
                 .categories = {},
                 .series = {{"top-1", {}}},
                 .axis = {.label = "top-1 accuracy", .unit = Unit::percent, .range = Range{0, 1}}};
  for (const SuiteResult& suite : report.run.suites) {
    const auto top1 = suite.figure("top1");
    if (!top1) continue;
    chart.categories.push_back(suite.name);
    chart.series[0].values.push_back(*top1);
    chart.series[0].low.push_back(suite.interval ? suite.interval->low : nothing);
    chart.series[0].high.push_back(suite.interval ? suite.interval->high : nothing);
  }
  if (chart.categories.size() < 2) return;
  report.add(draw(chart),
             "Top-1 accuracy of each suite. The thin lines are 95% intervals; on large suites they are narrower than "
             "their end marks.");
}

std::vector<std::pair<std::string, std::string>> suite_terms(const RunResults& run) {
  std::vector<std::pair<std::string, std::string>> terms;
  for (const SuiteResult& suite : run.suites)
    if (const std::string meaning = kind_meaning(suite); !meaning.empty())
      terms.emplace_back(suite.name, str(kind_name(suite), ": ", meaning));
  return terms;
}

}  // namespace

void add_overview(Report& report) {
  Page& page = report.page;
  page.section("Results");
  const bool analyses = std::all_of(report.run.suites.begin(), report.run.suites.end(),
                                    [](const SuiteResult& suite) { return suite.kind == "imagenet_s"; });
  page.paragraph(
      analyses && !report.run.suites.empty()
          ? "A model was shown images, and it was looked at what happens inside it. A suite is one collection "
            "of such images."
          : "A model was shown images and had to name what each one shows. A suite is one collection of such "
            "images; each tests something else.");
  const bool generated = std::any_of(report.run.suites.begin(), report.run.suites.end(),
                                     [](const SuiteResult& suite) { return suite.generated; });
  if (generated)
    page.warning(
        "The corruptions in this report were generated here from clean images. They are not ImageNet-C's "
        "published files, and no figure of them may be set beside published ImageNet-C results.");
  for (const std::string& warning : report.run.warnings) page.warning(warning);
  if (report.run.suites.empty()) {
    page.paragraph("No suite has been evaluated yet.");
    return;
  }
  const std::vector<std::string> keys = columns_of(report.run);
  page.table(table_of(report.run, keys));
  add_top1_figure(report);
  page.heading("What the suites are");
  page.terms(suite_terms(report.run));
  std::vector<std::pair<std::string, std::string>> meanings;
  for (const std::string& key : keys)
    if (const Wording wording = wording_of(key, false); !wording.meaning.empty())
      meanings.emplace_back(wording.name, wording.meaning);
  if (meanings.empty()) return;
  page.heading("What the figures mean");
  page.terms(meanings);
}

}  // namespace luvit
