#include "suite_results.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "class_tables.h"
#include "corruption_cells.h"
#include "luvit/core/text.h"
#include "luvit/statistics/calibration.h"
#include "luvit/statistics/intervals.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;
using Predictions = std::vector<Prediction>;

Json interval_of(std::int64_t right, std::int64_t n) {
  const Interval interval = wilson_interval(right, n);
  return {interval.low, interval.high};
}

std::vector<Answer> answers_of(const Predictions& predictions, const Scoring& scoring) {
  std::vector<Answer> answers;
  answers.reserve(predictions.size());
  for (const Prediction& p : predictions)
    answers.push_back({static_cast<double>(p.confidence), scoring.right(p.label, p.top[0])});
  return answers;
}

std::int64_t right_answers(const Predictions& predictions, const Scoring& scoring) {
  return std::count_if(predictions.begin(), predictions.end(),
                       [&](const Prediction& p) { return scoring.right(p.label, p.top[0]); });
}

double share(std::int64_t part, std::int64_t n) {
  return static_cast<double>(part) / static_cast<double>(n);
}

void add_scores(Json& out, const SuitePlan& plan, const Predictions& all) {
  const ClassificationScores scores = scores_of(all, plan.scoring);
  const bool voted = plan.options.kind == SuiteKind::knn;  // a class without a vote has no likelihood
  out["top1"] = scores.top1;
  out["top5"] = scores.top5;
  if (!voted) out["nll"] = scores.nll;
  const std::vector<Answer> answers = answers_of(all, plan.scoring);
  const Reliability bins = reliability(answers);
  out["ece"] = expected_calibration_error(bins);
  out["n"] = scores.n;
  out["interval95"] = interval_of(right_answers(all, plan.scoring), scores.n);
  out["brier"] = scores.brier;
  if (const auto rms = rms_calibration_error(answers, /*as_published=*/false)) out["rms_calibration"] = *rms;
  if (const auto rms = rms_calibration_error(answers, /*as_published=*/true)) out["rms_calibration_published"] = *rms;
  out["aurra"] = aurra(answers);
  out["reliability"] = {{"n", bins.n}, {"accuracy", bins.accuracy}, {"confidence", bins.confidence}};
}

void add_classes(Json& out, const Predictions& all, const Scoring& scoring) {
  struct Count {
    std::int64_t n = 0, correct = 0;
  };
  std::map<std::int64_t, Count> counts;
  for (const Prediction& p : all) {
    Count& count = counts[p.label];
    ++count.n;
    count.correct += scoring.right(p.label, p.top[0]);
  }
  Json label = Json::array(), n = Json::array(), correct = Json::array();
  for (const auto& [of, count] : counts) {
    label.push_back(of);
    n.push_back(count.n);
    correct.push_back(count.correct);
  }
  out["per_class"] = {{"label", label}, {"n", n}, {"correct", correct}};
}

void add_top1_all(Json& out, const Predictions& all) {
  const auto right = std::count_if(all.begin(), all.end(), [](const auto& p) { return p.best_of_all == p.label; });
  out["top1_all"] = share(right, std::ssize(all));
}

// Clean accuracy among and over the classes of ImageNet-A and of -R.
void add_subsets(Json& out, const Predictions& all, const Scoring& scoring) {
  for (std::size_t i = 0; i < scoring.also.size(); ++i) {
    const auto& subset = scoring.also[i];
    std::int64_t n = 0, right = 0;
    for (const Prediction& p : all) {
      if (!std::binary_search(subset.begin(), subset.end(), p.label)) continue;
      ++n;
      right += p.also[i] == p.label;
    }
    if (n > 0)
      out[i == 0 ? "classes_a" : "classes_r"] = {
          {"top1", share(right, n)}, {"n", n}, {"interval95", interval_of(right, n)}};
  }
}

CellAccuracy accuracy_of_cells(const SuitePlan& plan, const PartPredictions& predictions) {
  CellAccuracy cells;
  for (std::size_t i = 0; i < plan.parts.size(); ++i) {
    const std::string& name = plan.parts[i].name;  // fog/3
    const auto slash = name.find('/');
    const auto severity = static_cast<std::size_t>(name[slash + 1] - '1');
    cells[name.substr(0, slash)][severity] =
        share(right_answers(predictions[i], plan.scoring), std::ssize(predictions[i]));
  }
  return cells;
}

void add_corruptions(Json& out, const SuitePlan& plan, const PartPredictions& predictions) {
  const CellAccuracy cells = accuracy_of_cells(plan, predictions);
  Json table = Json::object();
  for (const std::string& corruption : corruption_order()) {
    const auto found = cells.find(corruption);
    if (found == cells.end()) continue;
    Json row = Json::array();
    for (const auto& accuracy : found->second) row.push_back(accuracy ? Json(*accuracy) : Json());
    table[corruption] = row;
  }
  out["cells"] = table;
  out["generated"] = plan.options.generate;
  if (const auto mean = mean_accuracy(cells, corruption_order().size())) out["acc19"] = *mean;
  if (const auto mean = mean_accuracy(cells, benchmark_size)) out["acc15"] = *mean;
  if (const auto mce = mean_corruption_error(cells)) out["mce"] = *mce;
}

void add_backgrounds(Json& out, const SuitePlan& plan, const PartPredictions& predictions) {
  std::map<std::string, double> top1;
  for (std::size_t i = 0; i < plan.parts.size(); ++i) {
    top1[plan.parts[i].name] = share(right_answers(predictions[i], plan.scoring), std::ssize(predictions[i]));
    out[plan.parts[i].name] = top1[plan.parts[i].name];
  }
  const auto gap = [&](const char* key, const char* from, const char* to) {
    if (top1.contains(from) && top1.contains(to)) out[key] = top1[from] - top1[to];
  };
  gap("gap_os", "original", "mixed_same");
  gap("gap_or", "original", "mixed_rand");
  gap("gap_sr", "mixed_same", "mixed_rand");
}

const Json* suite_of_kind(const Json& suites, const std::string& kind) {
  for (const auto& [name, suite] : suites.items())
    if (suite["kind"] == kind) return &suite;
  return nullptr;
}

}  // namespace

std::optional<double> mean_accuracy(const CellAccuracy& cells, std::size_t corruptions) {
  double sum = 0;
  for (std::size_t i = 0; i < corruptions; ++i) {
    const auto found = cells.find(corruption_order()[i]);
    if (found == cells.end()) return std::nullopt;
    for (const auto& accuracy : found->second) {
      if (!accuracy) return std::nullopt;
      sum += *accuracy;
    }
  }
  return sum / static_cast<double>(5 * corruptions);
}

namespace {

// Mean over the fifteen of Σ (error − clean) / Σ (AlexNet's − its clean). AlexNet's errors take the way of ours,
// through accuracies, so that its own table gives 1 to the last bit.
std::optional<double> against_alexnet(const CellAccuracy& cells, double clean, double alexnet_clean) {
  double sum = 0;
  for (const auto& [corruption, alexnet] : alexnet_errors()) {
    const auto found = cells.find(corruption);
    if (found == cells.end()) return std::nullopt;
    double ours = 0, theirs = 0;
    for (std::size_t s = 0; s < alexnet.size(); ++s) {
      if (!found->second[s]) return std::nullopt;
      ours += 1 - *found->second[s] - clean;
      theirs += 1 - (1 - alexnet[s]) - alexnet_clean;
    }
    sum += ours / theirs;
  }
  return sum / static_cast<double>(alexnet_errors().size());
}

}  // namespace

std::optional<double> mean_corruption_error(const CellAccuracy& cells) {
  return against_alexnet(cells, 0, 0);
}

std::optional<double> relative_corruption_error(const CellAccuracy& cells, double clean_error) {
  return against_alexnet(cells, clean_error, alexnet_clean_error);
}

Json suite_results(const SuitePlan& plan, const PartPredictions& predictions) {
  Predictions all;
  for (const Predictions& part : predictions) all.insert(all.end(), part.begin(), part.end());
  const SuiteKind kind = plan.options.kind;
  Json out = Json::object();
  out["kind"] = kind_name(kind);
  out["data"] = plan.options.data;
  add_scores(out, plan, all);
  if (!plan.scoring.subset.empty()) add_top1_all(out, all);
  if (kind == SuiteKind::imagenet) add_subsets(out, all, plan.scoring);
  if (kind == SuiteKind::imagenet_c) add_corruptions(out, plan, predictions);
  if (kind == SuiteKind::imagenet9) add_backgrounds(out, plan, predictions);
  add_classes(out, all, plan.scoring);
  return out;
}

void add_comparisons(Json& suites) {
  const Json* clean = suite_of_kind(suites, "imagenet");
  if (!clean) return;
  const double clean_top1 = (*clean)["top1"].get<double>();
  for (auto& [name, suite] : suites.items()) {
    const std::string kind = suite["kind"].get<std::string>();
    if (kind == "imagenet_c") {
      CellAccuracy cells;
      for (const auto& [corruption, row] : suite["cells"].items())
        for (std::size_t s = 0; s < row.size(); ++s)
          if (!row[s].is_null()) cells[corruption][s] = row[s].get<double>();
      if (const auto relative = relative_corruption_error(cells, 1 - clean_top1)) suite["relative_mce"] = *relative;
    }
    const char* classes = kind == "imagenet_a" ? "classes_a" : kind == "imagenet_r" ? "classes_r" : "";
    if (!clean->contains(classes)) continue;
    suite["clean_top1"] = (*clean)[classes]["top1"];
    suite["clean_drop"] = suite["clean_top1"].get<double>() - suite["top1"].get<double>();
  }
}

namespace {

std::string percent(const Json& value) {
  if (value.is_null()) return "–";
  char text[16];
  std::snprintf(text, sizeof text, "%.2f %%", 100 * value.get<double>());
  return text;
}

std::string token_headline(const Json& suite) {
  const Json &entropy = suite["entropy"], &iou = suite["iou"], &interval = entropy["interval95"];
  const std::string within = interval.is_null() ? "" : str(" [", percent(interval[0]), ", ", percent(interval[1]), "]");
  return str("background above foreground in ", percent(entropy["share_bg_above_fg"]), within, " of ",
             suite["n_used"].get<std::int64_t>(), " images, mask IoU by magnitude ", percent(iou["magnitude"]["fixed"]),
             ", by frequency ", percent(iou["frequency"]["fixed"]), ", all foreground ",
             percent(iou["all_foreground_measured"]));
}

}  // namespace

std::string headline(const Json& suite) {
  if (suite.contains("entropy")) return token_headline(suite);
  std::vector<std::string> parts;
  for (const auto& [key, name] :
       std::initializer_list<std::pair<const char*, const char*>>{{"acc19", "over 19"},
                                                                  {"acc15", "over 15"},
                                                                  {"original", "original"},
                                                                  {"mixed_same", "mixed-same"},
                                                                  {"mixed_rand", "mixed-rand"}})
    if (suite.contains(key)) parts.push_back(str(name, " ", percent(suite[key])));
  if (suite.contains("mce")) parts.push_back(str("mCE ", percent(suite["mce"])));
  parts.push_back(str("top-1 ", percent(suite["top1"]), " [", percent(suite["interval95"][0]), ", ",
                      percent(suite["interval95"][1]), "]"));
  parts.push_back(str("top-5 ", percent(suite["top5"])));
  parts.push_back(str(suite["n"].get<std::int64_t>(), " images"));
  const bool generated = suite.value("generated", false);
  return str(generated ? "generated corruptions, " : "", join(parts, ", "));
}

}  // namespace luvit
