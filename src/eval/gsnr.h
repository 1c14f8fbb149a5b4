#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "luvit/core/files.h"
#include "luvit/eval/gradient_probe.h"
#include "luvit/statistics/samples.h"

namespace luvit {

// `luvit_eval gsnr`: the gradient signal-to-noise ratio of models and of runs' checkpoints, on one set of images.

// Weights that are looked at.
struct GsnrWeights {
  std::string run;                   // as it was named
  std::optional<std::int64_t> step;  // of a checkpoint
  fs::path weights;
  double label_smoothing = 0;  // a classifier's, as its run trained it
  std::string sha256;          // of the weights (hash_of_weights); "" until it is asked for
};
// Of each of these: every whole checkpoint of a run's output folder, oldest first; a checkpoint folder; a weights file.
// DataError where a name leads to no weights, UsageError where one is given twice. `label_smoothing`: for all, where it
// is said.
std::vector<GsnrWeights> gsnr_weights(const std::vector<std::string>& runs, std::optional<double> label_smoothing);

// Trained tensors that all of these models have, in the same shape.
std::set<std::string> shared_tensors(const std::vector<GsnrWeights>& all);

enum class GsnrLevel {
  tensor,
  layer,         // all tensors of a block, …
  model,         // all trained tensors
  shared_layer,  // the same over the tensors that all runs have
  shared,
};
std::string level_name(GsnrLevel level);

struct GsnrRow {
  GsnrLevel level;
  std::string name;
  std::vector<GsnrFigures> sets;  // of each probe set
};
struct GsnrPoint {
  GsnrWeights of;
  GradientDraws draws;  // of a set
  std::vector<double> loss;
  std::vector<GsnrRow> rows;  // by level, in the model's order
};
// Adds a set's figures to a point's. `shared`: nullptr with one run.
void add_set(GsnrPoint& point, const ProbeResult& result, const std::set<std::string>* shared);

// Mean over the sets with Student's 95% interval; NaN where any set has no value.
SampleSummary over_sets(const GsnrRow& row, double GsnrFigures::*figure);

// Two runs' newest weights on the same images: the second's R_l less the first's, paired by probe set.
struct GsnrDifference {
  GsnrLevel level;
  std::string name;
  double first = 0, second = 0;
  std::optional<MeanDifference> test;  // none with one set
};
struct GsnrComparison {
  GsnrWeights first, second;
  std::vector<GsnrDifference> rows;  // shared layers, then all shared tensors
};
std::vector<GsnrComparison> compare_gsnr(const std::vector<GsnrPoint>& points);

struct GsnrResults {
  ProbeOptions options;
  std::vector<std::string> data;
  std::int64_t data_samples = 0;
  std::string data_sha256;  // over the names in order
  std::string precision;
  bool classifiers = false;  // else the loss is MAE's
  std::vector<GsnrPoint> points;
  std::vector<GsnrComparison> comparisons;
};
std::string gsnr_json(const GsnrResults& results);
std::string gsnr_csv(const GsnrResults& results);
std::string gsnr_text(const GsnrPoint& point);
std::string gsnr_text(const GsnrComparison& comparison);  // one line
// report.html and figures/.
void write_gsnr_pages(const fs::path& folder, const GsnrResults& results);

}  // namespace luvit
