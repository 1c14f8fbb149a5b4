#include <nlohmann/json.hpp>

#include "luvit/core/text.h"
#include "luvit/eval/compare.h"
#include "text_table.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Pairs& pairs) {
  return {{"n", pairs.n},
          {"a", pairs.a},
          {"b", pairs.b},
          {"difference", pairs.difference()},
          {"interval95", {pairs.interval95.low, pairs.interval95.high}},
          {"mcnemar", {{"a_only", pairs.a_only}, {"b_only", pairs.b_only}, {"p", pairs.mcnemar_p}}}};
}

Json json_of(const MeanPairs& pairs) {
  return {{"n", pairs.n},
          {"a", pairs.a},
          {"b", pairs.b},
          {"difference", pairs.difference()},
          {"interval95", {pairs.interval95.low, pairs.interval95.high}},
          {"sign_test", {{"a_higher", pairs.a_higher}, {"b_higher", pairs.b_higher}, {"p", pairs.sign_p}}}};
}

// A gap is in nats, an IoU a share.
std::vector<std::string> row_of(const std::string& name, const MeanPairs& pairs) {
  const bool is_share = name.starts_with("iou");
  const double unit = is_share ? 100 : 1;
  const int decimals = is_share ? 2 : 4;
  const Interval& interval = pairs.interval95;
  return {"  " + name,
          std::to_string(pairs.n),
          fixed(unit * pairs.a, decimals),
          fixed(unit * pairs.b, decimals),
          with_sign(unit * pairs.difference(), decimals),
          str("[", with_sign(unit * interval.low, decimals), ", ", with_sign(unit * interval.high, decimals), "]"),
          std::to_string(pairs.a_higher),
          std::to_string(pairs.b_higher),
          p_value(pairs.sign_p)};
}

std::vector<std::string> row_of(const std::string& name, const Pairs& pairs, const std::string& p) {
  const Interval& interval = pairs.interval95;
  return {name,
          std::to_string(pairs.n),
          fixed(100 * pairs.a, 2),
          fixed(100 * pairs.b, 2),
          with_sign(100 * pairs.difference(), 2),
          str("[", with_sign(100 * interval.low, 2), ", ", with_sign(100 * interval.high, 2), "]"),
          std::to_string(pairs.a_only),
          std::to_string(pairs.b_only),
          p};
}

}  // namespace

std::string comparison_json(const Comparison& comparison) {
  Json suites = Json::object();
  for (const SuitePairs& suite : comparison.suites) {
    Json json = json_of(suite.all);
    if (suite.generated) json["generated"] = true;
    if (suite.by_source)
      json["sources"] = {{"n", suite.by_source->n},
                         {"a_better", suite.by_source->a_better},
                         {"b_better", suite.by_source->b_better},
                         {"p", suite.by_source->p}};
    for (const auto& [name, pairs] : suite.variations) json["variations"][name] = json_of(pairs);
    if (!suite.means.empty()) json["metric"] = suite.metric;
    for (const auto& [name, pairs] : suite.means) json["means"][name] = json_of(pairs);
    suites[suite.name] = std::move(json);
  }
  return Json{{"suites", std::move(suites)}}.dump(2) + "\n";
}

std::string comparison_text(const Comparison& comparison) {
  TextRows rows = {{"suite", "images", "A", "B", "B − A", "95% interval", "A only", "B only", "p"}};
  bool by_source = false, of_tokens = false;
  for (const SuitePairs& suite : comparison.suites) {
    by_source = by_source || suite.by_source;
    rows.push_back(row_of(spoken_name(suite.name, suite.generated), suite.all,
                          suite.by_source ? p_value(suite.by_source->p) + " *" : p_value(suite.all.mcnemar_p)));
    for (const auto& [name, pairs] : suite.variations)
      rows.push_back(row_of("  " + escape(name), pairs, p_value(pairs.mcnemar_p)));
    for (const auto& [name, pairs] : suite.means) rows.push_back(row_of(name, pairs));
    of_tokens = of_tokens || !suite.means.empty();
  }
  std::string text =
      text_table(rows) + "Top-1 in %. Interval: paired bootstrap over images. p: McNemar's exact test, two-sided.\n";
  if (of_tokens)
    text +=
        "imagenet_s: images whose background's attention entropy is above the object's, in %; the gap in nats; mask "
        "IoU in %, of the images that no threshold was chosen on. There A only and B only count where that run is "
        "higher, and p is the sign test's.\n";
  if (by_source)
    text +=
        "* over source images, whose corrupted forms are resampled together: the exact sign test of which run gets "
        "more of them right.\n";
  return text;
}

}  // namespace luvit
