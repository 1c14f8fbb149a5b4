#include <algorithm>

#include "luvit/core/text.h"
#include "numbers.h"
#include "sections.h"
#include "wording.h"

namespace luvit {
namespace {

// What the sections above have shown already.
bool is_shown(const SuiteResult& suite, const std::string& key) {
  static const std::set<std::string> overview = {"n", "top1", "top5", "nll", "ece"},
                                     corruptions = {"acc19", "acc15", "mce", "relative_mce"},
                                     backgrounds = {"original", "mixed_same", "mixed_rand", "mixed_next",
                                                    "no_fg",    "only_bg_b",  "only_bg_t",  "only_fg",
                                                    "gap_os",   "gap_or",     "gap_sr"};
  if (overview.count(key) || suite.kind == "imagenet_s") return true;
  if (corruptions.count(key)) return !suite.cells.empty();
  return backgrounds.count(key) && suite.kind == "imagenet9" && suite.figure("original");
}

}  // namespace

// Numbers and other values of all suites in one table, and what the numbers mean below it, each said once.
void add_further_figures(Report& report) {
  Table table{.columns = {{"suite"}, {"figure"}, {"value", Align::right}}, .rows = {}};
  Table notes{.columns = {{"suite"}, {"key"}, {"value"}}, .rows = {}};
  std::vector<std::pair<std::string, std::string>> meanings;
  for (const SuiteResult& suite : report.run.suites) {
    for (const auto& [key, value] : suite.figures) {
      if (is_shown(suite, key)) continue;
      const Wording wording = wording_of(key, suite.generated);
      table.rows.push_back({suite.name, wording.name, value_text(wording, value, suite.images())});
      const std::pair<std::string, std::string> meaning = {wording.name, wording.meaning};
      if (!meaning.second.empty() && std::find(meanings.begin(), meanings.end(), meaning) == meanings.end())
        meanings.push_back(meaning);
    }
    for (const auto& [key, text] : suite.notes) notes.rows.push_back({suite.name, key, text});
  }
  if (table.rows.empty() && notes.rows.empty()) return;
  report.page.section("Further figures");
  if (!table.rows.empty()) report.page.table(table);
  if (!meanings.empty()) report.page.terms(meanings);
  if (!notes.rows.empty()) report.page.table(notes);
}

void add_provenance(Report& report) {
  Page& page = report.page;
  page.section("Provenance");
  page.paragraph("What the figures were made with. The same weights, data and version give the same figures.");
  std::vector<std::pair<std::string, std::string>> facts = report.run.provenance;
  for (const SuiteResult& suite : report.run.suites)
    if (!suite.data.empty() && !report.run.provenance_of("config.suites." + suite.name))
      facts.emplace_back("data of " + suite.name, suite.data);
  page.terms(facts);
  page.paragraph(
      "Beside this page: results.json holds all figures, predictions/ every image's prediction where these were "
      "written, analysis/ what each image of an analysis gave, figures/ each figure as SVG with its data as CSV.");
}

}  // namespace luvit
