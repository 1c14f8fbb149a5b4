#include "luvit/report/side_by_side.h"

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "numbers.h"
#include "token_sections.h"

namespace luvit {
namespace {

struct ReadRun {
  std::string name;
  fs::path folder;
  RunResults results;
};

bool is_analysed(const SuiteResult& suite) {
  return suite.kind == "imagenet_s" && suite.figure("n_used");
}

// By name, in the order in which they are first met.
std::vector<std::string> suite_names(const std::vector<ReadRun>& runs) {
  std::vector<std::string> names;
  for (const ReadRun& run : runs)
    for (const SuiteResult& suite : run.results.suites)
      if (is_analysed(suite) && std::find(names.begin(), names.end(), suite.name) == names.end())
        names.push_back(suite.name);
  return names;
}

std::vector<AnalysedSuite> models_of(const std::vector<ReadRun>& runs, const std::string& suite_name,
                                     std::vector<std::string>& without) {
  std::vector<AnalysedSuite> models;
  for (const ReadRun& run : runs) {
    const auto found = std::find_if(run.results.suites.begin(), run.results.suites.end(),
                                    [&](const auto& suite) { return suite.name == suite_name && is_analysed(suite); });
    if (found == run.results.suites.end())
      without.push_back(run.name);
    else
      models.push_back(read_analysed(run.name, *found, run.folder));
  }
  return models;
}

void add_models(Page& page, const std::vector<ReadRun>& runs) {
  page.section("Models");
  Table table{.columns = {{"name"}, {"weights"}, {"model"}, {"evaluation"}}, .rows = {}};
  for (const ReadRun& run : runs) {
    const std::string hash = run.results.provenance_of("weights_sha256").value_or(no_value);
    table.rows.push_back(
        {run.name, hash.substr(0, 12), run.results.provenance_of("model").value_or(no_value), run.folder.string()});
  }
  page.table(table);
  for (const ReadRun& run : runs)
    for (const std::string& warning : run.results.warnings) page.warning(str(run.name, ": ", warning));
}

}  // namespace

void write_side_by_side(const std::vector<NamedRun>& runs, const fs::path& folder) {
  std::vector<ReadRun> read;
  for (const NamedRun& run : runs) read.push_back({run.name, run.folder, read_results(run.folder / "results.json")});
  const std::vector<std::string> names = suite_names(read);
  if (names.empty())
    throw DataError(str("none of the ", runs.size(), " evaluations has an imagenet_s suite"),
                    "luvit_eval with suites of kind imagenet_s makes what can be set side by side");
  const RunResults nothing_of_its_own;
  Report report{
      .folder = folder,
      .run = nothing_of_its_own,
      .predictions = {},
      .class_names = {},
      .page = Page("What language blocks do in vision models",
                   str(runs.size(), " models: attention entropy, token norms, pseudo-masks, information filtering")),
      .figure_names = {}};
  add_models(report.page, read);
  for (const std::string& name : names) {
    std::vector<std::string> without;
    const std::vector<AnalysedSuite> models = models_of(read, name, without);
    report.page.section(name);
    if (!without.empty()) log_warning(str("suite ", escape(name), " is not in ", join(without, ", ")));
    if (!without.empty()) report.page.warning(str("Without this suite: ", join(without, ", "), "."));
    add_token_analysis(report, models);
  }
  file_layer().make_folder(folder);
  write_durably(folder / "report.html", report.page.html());
}

}  // namespace luvit
