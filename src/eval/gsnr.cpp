#include "gsnr.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/weights/frozen_reference.h"
#include "weights_origin.h"

namespace luvit {
namespace {

std::optional<std::int64_t> step_of(const fs::path& checkpoint) {
  const std::string name = checkpoint.filename().string();
  if (!name.starts_with("step-") || name.size() < 6) return std::nullopt;
  if (!std::all_of(name.begin() + 5, name.end(), [](unsigned char c) { return std::isdigit(c); })) return std::nullopt;
  return std::stoll(name.substr(5));
}

// Of a run's folder, oldest first (their names sort so).
std::vector<fs::path> whole_checkpoints(const fs::path& folder) {
  std::vector<fs::path> whole;
  for (const fs::path& path : list_folder(folder)) {
    if (!step_of(path)) continue;
    const std::string defect = checkpoint_files_defect(path, FileCheck::sizes);
    if (defect.empty())
      whole.push_back(path);
    else
      log_warning(str(escape(path.string()), ": left out, not a whole checkpoint: ", defect));
  }
  std::sort(whole.begin(), whole.end(), [](const auto& a, const auto& b) { return *step_of(a) < *step_of(b); });
  return whole;
}

double smoothing_of(const fs::path& weights) {
  const auto written = config_value_of(weights, "augment", "label_smoothing");
  return written ? std::strtod(written->c_str(), nullptr) : 0;
}

std::vector<const TensorGsnr*> picked(const ProbeResult& result,
                                      const std::function<bool(const std::string&)>& wanted) {
  std::vector<const TensorGsnr*> tensors;
  for (const TensorGsnr& tensor : result.tensors)
    if (wanted(tensor.name)) tensors.push_back(&tensor);
  return tensors;
}

class RowsOfSet {
 public:
  RowsOfSet(GsnrPoint& point, const ProbeResult& result) : point_(point), result_(result) {}

  void add(GsnrLevel level, const std::string& name, const std::function<bool(const std::string&)>& wanted) {
    if (point_.loss.size() == 1) point_.rows.push_back({level, name, {}});  // the first set makes them
    point_.rows.at(next_++).sets.push_back(gsnr_figures(picked(result_, wanted), result_.draws.samples));
  }
  void add_layers(GsnrLevel level, const std::function<bool(const std::string&)>& wanted) {
    std::vector<std::string> names;
    for (const TensorGsnr& tensor : result_.tensors)
      if (wanted(tensor.name)) names.push_back(tensor.name);
    for (const std::string& layer : layers_of(names))
      add(level, layer, [&](const std::string& name) { return wanted(name) && layer_of(name) == layer; });
  }

 private:
  GsnrPoint& point_;
  const ProbeResult& result_;
  std::size_t next_ = 0;
};

const GsnrPoint* newest(const std::vector<GsnrPoint>& points, const std::string& run) {
  const GsnrPoint* found = nullptr;
  for (const GsnrPoint& point : points)
    if (point.of.run == run) found = &point;
  return found;
}

const GsnrRow* find_row(const GsnrPoint& point, GsnrLevel level, const std::string& name) {
  for (const GsnrRow& row : point.rows)
    if (row.level == level && row.name == name) return &row;
  return nullptr;
}

std::vector<double> values_of(const GsnrRow& row, double GsnrFigures::*figure) {
  std::vector<double> values;
  for (const GsnrFigures& set : row.sets) values.push_back(set.*figure);
  return values;
}

}  // namespace

std::vector<GsnrWeights> gsnr_weights(const std::vector<std::string>& runs, std::optional<double> label_smoothing) {
  std::vector<GsnrWeights> all;
  std::set<std::string> seen;
  const auto add = [&](const std::string& run, const fs::path& weights, std::optional<std::int64_t> step) {
    all.push_back({run, step, weights, label_smoothing ? *label_smoothing : smoothing_of(weights)});
  };
  for (const std::string& run : runs) {
    if (!seen.insert(run).second) throw UsageError(str(escape(run), " is named twice"));
    const fs::path folder = run, checkpoints = folder / "checkpoints";
    if (!path_exists(folder))
      throw DataError(str(escape(run), ": no such file or folder"),
                      "name a run's output folder, a checkpoint folder or a weights file");
    if (!is_folder(folder) || path_exists(folder / "state.json")) {
      add(run, folder, step_of(folder));
      continue;
    }
    const std::size_t before = all.size();
    if (path_exists(checkpoints))
      for (const fs::path& path : whole_checkpoints(checkpoints)) add(run, path, step_of(path));
    if (all.size() == before && path_exists(folder / "model.safetensors"))
      add(run, folder / "model.safetensors", std::nullopt);
    if (all.size() == before)
      throw DataError(str(escape(run), ": neither checkpoints nor a model.safetensors in it"),
                      "name a run's output folder, a checkpoint folder or a weights file");
  }
  return all;
}

std::set<std::string> shared_tensors(const std::vector<GsnrWeights>& all) {
  using Shapes = std::map<std::string, std::vector<std::int64_t>>;
  std::optional<Shapes> common;
  std::set<std::string> runs;
  for (const GsnrWeights& one : all) {
    if (!runs.insert(one.run).second) continue;  // a run's checkpoints are of one model
    const auto model = make_model(describe_model(one.weights));
    Shapes own;
    for (const NamedTensor& named : model->trained_tensors()) own[named.name] = named.tensor->sizes().vec();
    if (common)
      std::erase_if(*common, [&](const auto& entry) {
        const auto found = own.find(entry.first);
        return found == own.end() || found->second != entry.second;
      });
    else
      common = std::move(own);
  }
  std::set<std::string> names;
  if (common)
    for (const auto& [name, shape] : *common) names.insert(name);
  return names;
}

std::string level_name(GsnrLevel level) {
  switch (level) {
    case GsnrLevel::tensor:
      return "tensor";
    case GsnrLevel::layer:
      return "layer";
    case GsnrLevel::model:
      return "model";
    case GsnrLevel::shared_layer:
      return "shared_layer";
    case GsnrLevel::shared:
      return "shared";
  }
  return {};
}

void add_set(GsnrPoint& point, const ProbeResult& result, const std::set<std::string>* shared) {
  point.loss.push_back(result.loss);
  point.draws = result.draws;
  RowsOfSet rows(point, result);
  const auto any = [](const std::string&) { return true; };
  for (const TensorGsnr& tensor : result.tensors)
    rows.add(GsnrLevel::tensor, tensor.name, [&](const std::string& name) { return name == tensor.name; });
  rows.add_layers(GsnrLevel::layer, any);
  rows.add(GsnrLevel::model, "all", any);
  if (!shared) return;
  const auto in_all = [&](const std::string& name) { return shared->count(name) != 0; };
  rows.add_layers(GsnrLevel::shared_layer, in_all);
  rows.add(GsnrLevel::shared, "all", in_all);
}

SampleSummary over_sets(const GsnrRow& row, double GsnrFigures::*figure) {
  const std::vector<double> values = values_of(row, figure);
  if (std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }))
    return summary_of(values, 0.95);
  return {.values = values, .mean = std::numeric_limits<double>::quiet_NaN(), .sd = {}, .se = {}, .interval = {}};
}

std::vector<GsnrComparison> compare_gsnr(const std::vector<GsnrPoint>& points) {
  std::vector<GsnrComparison> comparisons;
  std::vector<std::string> runs;
  for (const GsnrPoint& point : points)
    if (std::find(runs.begin(), runs.end(), point.of.run) == runs.end()) runs.push_back(point.of.run);
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const GsnrPoint &first = *newest(points, runs[0]), &second = *newest(points, runs[i]);
    GsnrComparison& comparison = comparisons.emplace_back(GsnrComparison{first.of, second.of, {}});
    for (const GsnrRow& row : first.rows) {
      if (row.level != GsnrLevel::shared_layer && row.level != GsnrLevel::shared) continue;
      const GsnrRow* other = find_row(second, row.level, row.name);
      if (!other) continue;
      const auto a = values_of(row, &GsnrFigures::ratio), b = values_of(*other, &GsnrFigures::ratio);
      comparison.rows.push_back({row.level, row.name, over_sets(row, &GsnrFigures::ratio).mean,
                                 over_sets(*other, &GsnrFigures::ratio).mean, paired_t_test(a, b, 0.95)});
    }
  }
  return comparisons;
}

}  // namespace luvit
