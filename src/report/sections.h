#pragma once
#include <map>
#include <set>
#include <string>

#include "luvit/report/page.h"
#include "mistakes.h"
#include "results.h"

namespace luvit {

// A report in the making: what is known of the run, and the page that it goes to.
struct Report {
  const fs::path& folder;
  const RunResults& run;
  std::map<std::string, PredictionsRead> predictions;  // by suite
  ClassNames class_names;
  Page page;
  std::set<std::string> figure_names;

  // Onto the page and, with its data, into the folder's figures/; a name that is taken gets a number.
  void add(Figure figure, const std::string& caption);
};

// A section each, or nothing where no suite has what it needs. In the order of the page.
void add_overview(Report& report);
void add_corruptions(Report& report);
void add_backgrounds(Report& report);
void add_tokens(Report& report);
void add_calibration(Report& report);
void add_classes(Report& report);
void add_mistakes(Report& report);
void add_further_figures(Report& report);
void add_provenance(Report& report);

}  // namespace luvit
