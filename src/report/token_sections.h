#pragma once
#include "analysed.h"
#include "luvit/report/charts.h"
#include "sections.h"

namespace luvit {

// What one imagenet_s suite says of one or several models that looked at the same images: below a heading of its own.
// Each figure has a paragraph on how to read it and what the control beside it shows.
void add_token_analysis(Report& report, const std::vector<AnalysedSuite>& models);

// Its parts, in the order of the page; each nothing where no model has what it needs.
void add_entropy_figures(Report& report, const std::vector<AnalysedSuite>& models);  // Figures 2, 4 and 5, and beyond
void add_panels(Report& report, const std::vector<AnalysedSuite>& models);           // Figure 3
void add_pseudo_masks(Report& report, const std::vector<AnalysedSuite>& models);     // Table 7
void add_filtering(Report& report, const std::vector<AnalysedSuite>& models);        // Eq. 5

// A suite's figure and the ends of its interval at the end of a series; a gap where there is none.
void add_bar(Bars& bars, const SuiteResult& suite, const std::string& figure, const std::string& interval);

// A model's name where there are several, else "".
std::string named(const std::vector<AnalysedSuite>& models, const AnalysedSuite& model);

}  // namespace luvit
