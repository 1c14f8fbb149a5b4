#include <algorithm>

#include "luvit/core/text.h"
#include "luvit/io/csv.h"
#include "luvit/report/charts.h"
#include "numbers.h"
#include "sections.h"

namespace luvit {
namespace {

constexpr std::size_t extremes = 10;

double accuracy_of(const ClassCount& c) {
  return static_cast<double>(c.correct) / static_cast<double>(c.n);
}

enum class Order { worst_first, best_first };

// Of equal accuracy, the class with more images says more and comes earlier; then the label decides.
std::vector<ClassCount> sorted(std::vector<ClassCount> classes, Order order) {
  std::sort(classes.begin(), classes.end(), [order](const ClassCount& a, const ClassCount& b) {
    const std::int64_t left = a.correct * b.n, right = b.correct * a.n;
    if (left != right) return order == Order::worst_first ? left < right : left > right;
    return a.n != b.n ? a.n > b.n : a.label < b.label;
  });
  return classes;
}

// "n01440764 (0)", or "class 0" where no name is known.
std::string name_of(const Report& report, const SuiteResult& suite, std::int64_t label) {
  const std::string name = report.class_names(suite, label);
  return name.ends_with(str(' ', label)) ? name : str(name, " (", label, ')');
}

Table table_of(const Report& report, const SuiteResult& suite, const std::vector<ClassCount>& classes) {
  Table table{
      .columns = {{"class"}, {"images", Align::right}, {"top-1, %", Align::right}, {"95% interval", Align::right}},
      .rows = {}};
  for (const ClassCount& c : classes) {
    table.rows.push_back({name_of(report, suite, c.label), count_text(c.n), percent_text(accuracy_of(c), c.n),
                          interval_text(wilson_interval(c.correct, c.n), c.n)});
  }
  return table;
}

std::string csv_of(const Report& report, const SuiteResult& suite, const std::vector<ClassCount>& classes) {
  std::string out = csv_record({"label", "class", "n", "correct", "accuracy", "low95", "high95"});
  for (const ClassCount& c : classes) {
    const Interval interval = wilson_interval(c.correct, c.n);
    out += csv_record({str(c.label), report.class_names(suite, c.label), str(c.n), str(c.correct),
                       exact(accuracy_of(c)), exact(interval.low), exact(interval.high)});
  }
  return out;
}

void add_curve(Report& report, const SuiteResult& suite, const std::vector<ClassCount>& classes) {
  Series line{.name = "classes", .x = {}, .y = {}};
  for (std::size_t i = 0; i < classes.size(); ++i) {
    line.x.push_back(static_cast<double>(i + 1));
    line.y.push_back(accuracy_of(classes[i]));
  }
  Figure figure = draw(Plot{.name = suite.name + "_classes",
                            .title = str("Classes of ", suite.name, ", worst first"),
                            .x = {.label = "classes", .range = Range{0, static_cast<double>(classes.size())}},
                            .y = {.label = "top-1 accuracy", .unit = Unit::percent, .range = Range{0, 1}},
                            .lines = {std::move(line)},
                            .height = 220});
  figure.data = csv_of(report, suite, classes);
  const auto all_right =
      std::count_if(classes.begin(), classes.end(), [](const ClassCount& c) { return c.correct == c.n; });
  const auto none_right =
      std::count_if(classes.begin(), classes.end(), [](const ClassCount& c) { return c.correct == 0; });
  report.add(std::move(figure), str("Of ", count_text(std::ssize(classes)), " classes ", count_text(all_right),
                                    " are always named right and ", count_text(none_right),
                                    " never. All of them are in the figure’s CSV."));
}

std::vector<ClassCount> first_of(std::vector<ClassCount> classes) {
  classes.resize(std::min(classes.size(), extremes));
  return classes;
}

}  // namespace

void add_classes(Report& report) {
  bool first = true;
  for (const SuiteResult& suite : report.run.suites) {
    if (suite.classes.size() < 2) continue;
    if (first) {
      report.page.section("Classes");
      report.page.paragraph(
          "The classes that the model knows best and worst. Of few images the first and last places are partly luck: "
          "see the intervals. Among equals, classes with more images come first, then the lower label.");
    }
    first = false;
    report.page.heading(suite.name);
    const std::vector<ClassCount> classes = sorted(suite.classes, Order::worst_first);
    if (classes.size() > 2 * extremes) {
      add_curve(report, suite, classes);
      report.page.tables({{str("The ", extremes, " worst"), table_of(report, suite, first_of(classes))},
                          {str("The ", extremes, " best"),
                           table_of(report, suite, first_of(sorted(suite.classes, Order::best_first)))}});
    } else {
      report.page.table(table_of(report, suite, classes));
    }
  }
}

}  // namespace luvit
