#include "luvit/report/report.h"

#include <algorithm>

#include "luvit/core/text.h"
#include "numbers.h"
#include "sections.h"

namespace luvit {
namespace {

std::string title_of(const RunResults& run) {
  const bool classified = std::any_of(run.suites.begin(), run.suites.end(),
                                      [](const SuiteResult& suite) { return suite.kind != "imagenet_s"; });
  return classified ? "Evaluation of an image classifier" : "Analysis of a vision model";
}

std::string subtitle_of(const RunResults& run) {
  std::int64_t predictions = 0, analysed = 0;
  for (const SuiteResult& suite : run.suites) (suite.kind == "imagenet_s" ? analysed : predictions) += suite.images();
  std::vector<std::string> parts = {str(run.suites.size(), run.suites.size() == 1 ? " suite" : " suites")};
  if (predictions > 0 || analysed == 0) parts.push_back(str(count_text(predictions), " predictions"));
  if (analysed > 0) parts.push_back(str(count_text(analysed), " images analysed"));
  if (const auto hash = run.provenance_of("weights_sha256")) parts.push_back("weights " + hash->substr(0, 12));
  if (const auto precision = run.provenance_of("precision")) parts.push_back(*precision);
  if (const auto version = run.provenance_of("version")) parts.push_back("luvit " + *version);
  return join(parts, " · ");
}

void read_all_predictions(Report& report) {
  for (const SuiteResult& suite : report.run.suites) {
    const fs::path file = report.folder / "predictions" / (suite.name + ".csv");
    if (suite.name.find('/') != std::string::npos || !path_exists(file)) continue;
    const auto& read = report.predictions[suite.name] = read_predictions(file);
    report.class_names.learn(suite, read);
  }
}

}  // namespace

void Report::add(Figure figure, const std::string& caption) {
  const std::string name = file_name_of(figure.name);
  figure.name = name;
  for (int i = 2; !figure_names.insert(figure.name).second; ++i) figure.name = str(name, '-', i);
  write_figure(figure, folder / "figures");
  page.figure(figure, caption);
}

void write_report(const fs::path& run_folder) {
  const RunResults run = read_results(run_folder / "results.json");
  Report report{.folder = run_folder,
                .run = run,
                .predictions = {},
                .class_names = {},
                .page = Page(title_of(run), subtitle_of(run)),
                .figure_names = {}};
  read_all_predictions(report);
  add_overview(report);
  add_corruptions(report);
  add_backgrounds(report);
  add_tokens(report);
  add_calibration(report);
  add_classes(report);
  add_mistakes(report);
  add_further_figures(report);
  add_provenance(report);
  write_durably(run_folder / "report.html", report.page.html());
}

}  // namespace luvit
