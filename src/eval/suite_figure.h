#pragma once
#include "luvit/eval/evaluated_run.h"
#include "luvit/eval/table.h"
#include "paper_figures.h"

namespace luvit {

// Whether a suite is what a column is about.
bool fits(const EvaluatedSuite& suite, const PaperColumn& column);

// The figure with the interval that its images alone give it, 95%: Wilson's of a share of right answers, Newcombe's of
// a gap, the bootstrap over source images of ImageNet-C. None where the run kept no predictions to take it from.
std::optional<Interval> image_interval(const EvaluatedRun& run, const EvaluatedSuite& suite, const PaperColumn& column);

}  // namespace luvit
