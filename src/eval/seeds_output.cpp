#include <nlohmann/json.hpp>

#include "luvit/core/text.h"
#include "luvit/eval/seeds.h"
#include "text_table.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Interval& interval) {
  return Json::array({interval.low, interval.high});
}

Json json_of(const SampleSummary& summary) {
  Json json = {{"n", summary.values.size()}, {"values", summary.values}, {"mean", summary.mean}};
  if (summary.sd) json["sd"] = *summary.sd;
  if (summary.se) json["se"] = *summary.se;
  if (summary.interval) json["interval99"] = json_of(*summary.interval);
  return json;
}

// Without a test there is still a difference.
Json json_of(const std::optional<MeanDifference>& test, double difference) {
  Json json = {{"difference", difference}};
  if (!test) return json;
  json["t"] = test->t;
  json["df"] = test->df;
  json["p"] = test->p;
  json["interval99"] = json_of(test->interval);
  return json;
}

std::string interval_text(const Interval& interval, bool sign) {
  const auto number = [&](double value) { return sign ? with_sign(value, 4) : fixed(value, 4); };
  return str("[", number(interval.low), ", ", number(interval.high), "]");
}

std::vector<std::string> row_of(const std::string& suite, const std::string& key, const std::string& what,
                                const SampleSummary& summary) {
  return {suite,
          key,
          what,
          std::to_string(summary.values.size()),
          fixed(summary.mean, 4),
          summary.sd ? fixed(*summary.sd, 4) : "–",
          summary.se ? fixed(*summary.se, 4) : "–",
          summary.interval ? interval_text(*summary.interval, false) : "–"};
}

void add_rows(TextRows& rows, const std::string& suite, const MetricOverSeeds& metric) {
  rows.push_back(row_of(suite, metric.key, metric.against ? "first" : "", metric.first));
  if (!metric.against) return;
  rows.push_back(row_of("", "", "against", *metric.against));
  const std::string difference = with_sign(metric.against->mean - metric.first.mean, 4);
  const auto& test = metric.paired ? metric.paired : metric.welch;
  rows.push_back({"", "", "difference", "", difference, "", "",
                  test ? interval_text(test->interval, true) + "  p " + p_value(test->p) : "–"});
}

}  // namespace

std::string seeds_json(const SeedsSummary& summary) {
  Json suites = Json::object(), generated = Json::array();
  for (const SuiteOverSeeds& suite : summary.suites) {
    if (suite.generated) generated.push_back(suite.name);
    for (const MetricOverSeeds& metric : suite.metrics) {
      Json json = json_of(metric.first);
      if (metric.against) {
        const double difference = metric.against->mean - metric.first.mean;
        json["against"] = json_of(*metric.against);
        json["welch"] = json_of(metric.welch, difference);
        if (metric.paired) json["paired"] = json_of(metric.paired, difference);
      }
      suites[suite.name][metric.key] = std::move(json);
    }
  }
  Json out = {{"suites", std::move(suites)}};
  if (!generated.empty()) out["generated"] = std::move(generated);
  return out.dump(2) + "\n";
}

std::string seeds_text(const SeedsSummary& summary) {
  TextRows rows = {{"suite", "figure", "", "runs", "mean", "sd", "se", "99% interval"}};
  bool against = false, paired = false;
  for (const SuiteOverSeeds& suite : summary.suites)
    for (const MetricOverSeeds& metric : suite.metrics) {
      add_rows(rows, &metric == &suite.metrics.front() ? spoken_name(suite.name, suite.generated) : "", metric);
      against = against || metric.against;
      paired = paired || metric.paired;
    }
  std::string text = text_table(rows, 3) + "Intervals: Student's t over the runs";
  if (against)
    text += paired ? "; of differences (against − first): paired t" : "; of differences (against − first): Welch's";
  return text + ".\n";
}

}  // namespace luvit
