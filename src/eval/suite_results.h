#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "luvit/eval/classification.h"
#include "suite_plan.h"

namespace luvit {

// Predictions of a suite, part by part as the plan has them.
using PartPredictions = std::vector<std::vector<Prediction>>;

// What results.json says of one suite (CONTRACTS, "luvit_eval"; docs/evaluate.md names every key).
nlohmann::ordered_json suite_results(const SuitePlan& plan, const PartPredictions& predictions);

// Keys that hang on several suites of a run: the relative mCE of ImageNet-C, what ImageNet-A and -R lose against the
// same classes of the clean set.
void add_comparisons(nlohmann::ordered_json& suites);

// Over corruptions, from top-1 accuracy by severity. Each nullopt where a cell it needs is missing.
using CellAccuracy = std::map<std::string, std::array<std::optional<double>, 5>>;
std::optional<double> mean_accuracy(const CellAccuracy& cells, std::size_t corruptions);  // the first so many: 15, 19
// Mean over the fifteen of Σ error / Σ AlexNet's error over severities; AlexNet is 1.
std::optional<double> mean_corruption_error(const CellAccuracy& cells);
// The same of what is lost against the clean error.
std::optional<double> relative_corruption_error(const CellAccuracy& cells, double clean_error);

// "fog 0.71 0.65 …": a line for people.
std::string headline(const nlohmann::ordered_json& suite);

}  // namespace luvit
