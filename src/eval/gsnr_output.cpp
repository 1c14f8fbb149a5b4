#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gsnr.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/io/csv.h"
#include "luvit/report/gsnr_report.h"
#include "luvit/report/training_curves.h"
#include "text_table.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;

struct NamedFigure {
  const char* name;
  double GsnrFigures::*figure;
};
constexpr NamedFigure named_figures[] = {{"mean", &GsnrFigures::mean},
                                         {"median", &GsnrFigures::median},
                                         {"p95", &GsnrFigures::p95},
                                         {"share_positive", &GsnrFigures::share_positive},
                                         {"r_l", &GsnrFigures::ratio}};

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

std::string field(double value) {
  return std::isfinite(value) ? exact(value) : "";
}

// Of the mean over the sets: 1/R_l.
double noise_scale(const GsnrRow& row) {
  GsnrFigures of_mean{};
  of_mean.ratio = over_sets(row, &GsnrFigures::ratio).mean;
  return of_mean.noise_scale();
}

Json json_of(const GsnrRow& row) {
  const GsnrFigures& first = row.sets.front();
  Json json = {{"level", level_name(row.level)},
               {"name", row.name},
               {"n", first.n},
               {"left_out", {{"no_variance", first.no_variance}, {"key_bias", first.key_bias}}}};
  for (const auto& [name, figure] : named_figures) {
    const SampleSummary summary = over_sets(row, figure);
    Json& value = json[name] = {{"value", number(summary.mean)}};
    Json& sets = value["sets"] = Json::array();
    for (const double one : summary.values) sets.push_back(number(one));
    if (summary.interval) value["interval95"] = {summary.interval->low, summary.interval->high};
  }
  json["b_simple"] = number(noise_scale(row));
  return json;
}

Json json_of(const GsnrPoint& point) {
  Json json = {{"run", point.of.run},
               {"step", point.of.step ? Json(*point.of.step) : Json(nullptr)},
               {"weights", point.of.weights.string()},
               {"label_smoothing", point.of.label_smoothing},
               {"loss", summary_of(point.loss).mean}};
  Json& rows = json["rows"] = Json::array();
  for (const GsnrRow& row : point.rows) rows.push_back(json_of(row));
  return json;
}

Json json_of(const GsnrComparison& comparison) {
  const auto side = [](const GsnrWeights& of) {
    return Json{{"run", of.run}, {"step", of.step ? Json(*of.step) : Json(nullptr)}};
  };
  Json json = {{"first", side(comparison.first)}, {"second", side(comparison.second)}};
  Json& rows = json["rows"] = Json::array();
  for (const GsnrDifference& row : comparison.rows) {
    Json& out = rows.emplace_back(Json{{"level", level_name(row.level)},
                                       {"name", row.name},
                                       {"first", number(row.first)},
                                       {"second", number(row.second)},
                                       {"difference", number(row.second - row.first)}});
    if (!row.test) continue;
    out["interval95"] = {row.test->interval.low, row.test->interval.high};
    out["p"] = row.test->p;
  }
  return json;
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return std::isfinite(value) ? text : "–";
}

GsnrReport::Value value_of(const GsnrRow& row, double GsnrFigures::*figure) {
  const SampleSummary summary = over_sets(row, figure);
  GsnrReport::Value value{.value = summary.mean};
  if (summary.interval) value.low = summary.interval->low, value.high = summary.interval->high;
  return value;
}

std::string settings_text(const GsnrPoint& point, std::size_t sets) {
  return str(sets, sets == 1 ? " set" : " disjoint sets", " of N = ", point.draws.samples,
             " images, K = ", point.draws.batches, " mean gradients of B = ", point.draws.samples / point.draws.batches,
             " each");
}

std::string loss_text(const GsnrResults& results) {
  if (!results.classifiers) return "MAE's";
  std::set<std::string> smoothing;
  for (const GsnrPoint& point : results.points) smoothing.insert(exact(point.of.label_smoothing));
  return str("cross entropy, label smoothing ", join({smoothing.begin(), smoothing.end()}, " or "), ", labels ",
             results.options.random_labels ? "random: a control" : "the data's");
}

// What the runs themselves logged (gsnr.every_steps).
std::vector<Figure> logged_by(const std::vector<GsnrPoint>& points) {
  std::vector<Figure> found;
  std::set<std::string> seen;
  for (const GsnrPoint& point : points) {
    if (!seen.insert(point.of.run).second || !path_exists(fs::path(point.of.run) / "metrics.jsonl")) continue;
    for (Figure& figure : training_curves(point.of.run)) {
      if (figure.name != "gsnr") continue;
      figure.name = "gsnr_logged_" + point.of.run;
      found.push_back(std::move(figure));
    }
  }
  return found;
}

}  // namespace

std::string gsnr_json(const GsnrResults& results) {
  const ProbeOptions& options = results.options;
  Json json = {
      {"samples", options.samples},
      {"sets", options.sets},
      {"micro_batch", options.micro_batch},
      {"batches", options.samples / options.micro_batch},
      {"seed", options.seed},
      {"random_labels", options.random_labels},
      {"precision", results.precision},
      {"data", {{"sources", results.data}, {"images", results.data_samples}, {"names_sha256", results.data_sha256}}},
      {"version", versions().luvit}};
  Json& points = json["points"] = Json::array();
  for (const GsnrPoint& point : results.points) points.push_back(json_of(point));
  Json& comparisons = json["comparisons"] = Json::array();
  for (const GsnrComparison& comparison : results.comparisons) comparisons.push_back(json_of(comparison));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string gsnr_csv(const GsnrResults& results) {
  std::string out = csv_record({"run",         "step",     "level",          "name",     "n",
                                "no_variance", "key_bias", "mean",           "mean_low", "mean_high",
                                "median",      "p95",      "share_positive", "r_l",      "r_l_low",
                                "r_l_high",    "b_simple", "samples",        "batches",  "sets"});
  for (const GsnrPoint& point : results.points)
    for (const GsnrRow& row : point.rows) {
      const auto interval = [&](double GsnrFigures::*figure, double Interval::*end) {
        const auto summary = over_sets(row, figure);
        return summary.interval ? exact(*summary.interval.*end) : "";
      };
      const auto value = [&](double GsnrFigures::*figure) { return field(over_sets(row, figure).mean); };
      const GsnrFigures& first = row.sets.front();
      out += csv_record({point.of.run,
                         point.of.step ? std::to_string(*point.of.step) : "",
                         level_name(row.level),
                         row.name,
                         std::to_string(first.n),
                         std::to_string(first.no_variance),
                         std::to_string(first.key_bias),
                         value(&GsnrFigures::mean),
                         interval(&GsnrFigures::mean, &Interval::low),
                         interval(&GsnrFigures::mean, &Interval::high),
                         value(&GsnrFigures::median),
                         value(&GsnrFigures::p95),
                         value(&GsnrFigures::share_positive),
                         value(&GsnrFigures::ratio),
                         interval(&GsnrFigures::ratio, &Interval::low),
                         interval(&GsnrFigures::ratio, &Interval::high),
                         field(noise_scale(row)),
                         std::to_string(point.draws.samples),
                         std::to_string(point.draws.batches),
                         std::to_string(row.sets.size())});
    }
  return out;
}

std::string gsnr_text(const GsnrComparison& comparison) {
  for (const GsnrDifference& row : comparison.rows) {
    if (row.level != GsnrLevel::shared) continue;
    const auto ends = [&] {
      return str(" [", short_number(row.test->interval.low), ", ", short_number(row.test->interval.high), "]");
    };
    return str(escape(comparison.second.run), " less ", escape(comparison.first.run),
               ", R_l of all shared tensors: ", short_number(row.second - row.first), row.test ? ends() : "");
  }
  return {};
}

std::string gsnr_text(const GsnrPoint& point) {
  TextRows table = {{"layer", "parameters", "R_l", "95% interval", "B_simple", "mean r", "median r", "r > 0"}};
  for (const GsnrRow& row : point.rows) {
    if (row.level != GsnrLevel::layer && row.level != GsnrLevel::model) continue;
    const SampleSummary ratio = over_sets(row, &GsnrFigures::ratio);
    table.push_back({row.name, std::to_string(row.sets.front().n), short_number(ratio.mean),
                     ratio.interval
                         ? str("[", short_number(ratio.interval->low), ", ", short_number(ratio.interval->high), "]")
                         : "–",
                     short_number(noise_scale(row)), short_number(over_sets(row, &GsnrFigures::mean).mean),
                     short_number(over_sets(row, &GsnrFigures::median).mean),
                     short_number(100 * over_sets(row, &GsnrFigures::share_positive).mean) + "%"});
  }
  const GsnrFigures& all = std::find_if(point.rows.begin(), point.rows.end(), [](const GsnrRow& row) {
                             return row.level == GsnrLevel::model;
                           })->sets.front();
  return str(escape(point.of.run), point.of.step ? str(", step ", *point.of.step) : "", ": ",
             settings_text(point, point.loss.size()), "; loss ", short_number(summary_of(point.loss).mean),
             "; left out: ", all.key_bias, " key biases, ", all.no_variance, " parameters without variance\n",
             text_table(table, 1));
}

void write_gsnr_pages(const fs::path& folder, const GsnrResults& results) {
  GsnrReport report{.samples = static_cast<double>(results.options.samples)};
  if (results.points.empty()) return;
  report.settings = {{"probe", settings_text(results.points.front(), results.points.front().loss.size())},
                     {"data", str(join(results.data, ", "), ": ", results.data_samples,
                                  " images, of which those of seed ", results.options.seed)},
                     {"loss", loss_text(results)},
                     {"precision", results.precision}};
  for (const GsnrPoint& point : results.points) {
    GsnrReport::Point& out = report.points.emplace_back();
    out.run = point.of.run;
    if (point.of.step) out.step = static_cast<double>(*point.of.step);
    out.loss = summary_of(point.loss).mean;
    for (const GsnrRow& row : point.rows) {
      if (row.level != GsnrLevel::layer && row.level != GsnrLevel::model) continue;
      const GsnrFigures& first = row.sets.front();
      out.layers.push_back({.name = row.name,
                            .n = first.n,
                            .left_out = first.no_variance + first.key_bias,
                            .ratio = value_of(row, &GsnrFigures::ratio),
                            .mean = value_of(row, &GsnrFigures::mean),
                            .median = over_sets(row, &GsnrFigures::median).mean,
                            .p95 = over_sets(row, &GsnrFigures::p95).mean,
                            .share_positive = over_sets(row, &GsnrFigures::share_positive).mean});
    }
  }
  for (const GsnrComparison& comparison : results.comparisons) {
    GsnrReport::Comparison& out = report.comparisons.emplace_back();
    out.first = comparison.first.run;
    out.second = comparison.second.run;
    for (const GsnrDifference& row : comparison.rows) {
      GsnrReport::Value difference{.value = row.second - row.first};
      if (row.test) difference.low = row.test->interval.low, difference.high = row.test->interval.high;
      out.rows.push_back({row.level == GsnrLevel::shared ? "all shared" : row.name, row.first, row.second, difference});
    }
  }
  report.logged = logged_by(results.points);
  write_gsnr_report(folder, report);
}

}  // namespace luvit
