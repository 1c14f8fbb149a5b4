#include "luvit/eval/seeds.h"

#include <algorithm>
#include <set>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "recognised_arm.h"

namespace luvit {
namespace {

using Runs = std::vector<EvaluatedRun>;

// The runs' values of one figure; nullopt where a run lacks it.
std::optional<std::vector<double>> values_of(const Runs& runs, const std::string& suite, const std::string& metric) {
  std::vector<double> values;
  for (const EvaluatedRun& run : runs) {
    const EvaluatedSuite* found = run.suite(suite);
    const std::optional<double> value = found ? found->metric(metric) : std::nullopt;
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

// Of many names, in their order, what they begin with and how many they are: "filtering.trained.* (8)".
std::string by_beginnings(const std::vector<std::string>& names) {
  constexpr std::size_t few = 6;
  if (names.size() <= few) return join(names, ", ");
  std::vector<std::pair<std::string, int>> groups;
  for (const std::string& name : names) {
    const std::size_t second = name.find('.', name.find('.') + 1);
    const std::string beginning = name.substr(0, std::min(second, name.size()));
    if (groups.empty() || groups.back().first != beginning) groups.emplace_back(beginning, 0);
    ++groups.back().second;
  }
  std::string text;
  for (const auto& [beginning, count] : groups)
    text += str(text.empty() ? "" : ", ", beginning, count > 1 ? str(".* (", count, ")") : "");
  return text;
}

Runs all_runs(const SeedsOptions& options) {
  Runs all = options.first;
  all.insert(all.end(), options.against.begin(), options.against.end());
  return all;
}

// A figure that counts twice makes the interval too narrow.
void warn_of_repeats(const Runs& group, std::vector<std::string>& warnings) {
  std::map<std::string, std::string> seen;  // weights → file
  for (const EvaluatedRun& run : group) {
    const std::string file = fs::weakly_canonical(run.file).string();
    const std::string& key = run.weights_sha256.empty() ? file : run.weights_sha256;
    const auto [before, is_new] = seen.emplace(key, run.file.string());
    if (!is_new)
      warnings.push_back(str(run.file.string(), " and ", before->second,
                             " are evaluations of the same weights: they are no two seeds"));
  }
}

void warn_of_common(const SeedsOptions& options, std::vector<std::string>& warnings) {
  for (const EvaluatedRun& run : options.first)
    for (const EvaluatedRun& other : options.against)
      if (!run.weights_sha256.empty() && run.weights_sha256 == other.weights_sha256)
        warnings.push_back(
            str(run.file.string(), " and ", other.file.string(), ", of the same weights, stand in both groups"));
}

void warn_of_others(const Runs& group, std::vector<std::string>& warnings) {
  for (const EvaluatedRun& run : group)
    if (trained_as(run) != trained_as(group.front())) {
      warnings.push_back(str(run.file.string(), " and ", group.front().file.string(),
                             " were not trained alike (provenance: model, task or training): they are no two seeds"));
      return;
    }
}

void warn_of_missing(const Runs& runs, std::vector<std::string>& warnings) {
  std::vector<std::string> names;
  for (const EvaluatedRun& run : runs)
    for (const EvaluatedSuite& suite : run.suites)
      if (std::find(names.begin(), names.end(), suite.name) == names.end()) names.push_back(suite.name);
  for (const std::string& name : names) {
    std::vector<std::string> lacking;
    std::set<std::string> metrics, common;
    std::set<std::int64_t> sizes;
    bool first = true;
    for (const EvaluatedRun& run : runs) {
      const EvaluatedSuite* suite = run.suite(name);
      if (!suite) {
        lacking.push_back(run.file.string());
        continue;
      }
      std::set<std::string> own;
      for (const auto& [metric, value] : suite->metrics) own.insert(metric);
      metrics.insert(own.begin(), own.end());
      if (first) common = own;
      std::erase_if(common, [&](const std::string& metric) { return !own.contains(metric); });
      if (suite->n) sizes.insert(*suite->n);
      first = false;
    }
    if (!lacking.empty()) {
      warnings.push_back(str("suite ", escape(name), " is left out: not in ", join(lacking, ", ")));
      continue;
    }
    std::vector<std::string> dropped;
    std::set_difference(metrics.begin(), metrics.end(), common.begin(), common.end(), std::back_inserter(dropped));
    if (!dropped.empty())
      warnings.push_back(
          str("suite ", escape(name), ": not in all runs, so left out: ", escape(by_beginnings(dropped))));
    if (sizes.size() > 1)
      warnings.push_back(str("suite ", escape(name), " has from ", *sizes.begin(), " to ", *sizes.rbegin(),
                             " images: the runs did not see the same data"));
  }
}

}  // namespace

SeedsSummary summarise_seeds(const SeedsOptions& options) {
  if (options.first.empty()) throw UsageError("no run given");
  if (options.paired && options.first.size() != options.against.size())
    throw UsageError(str("--paired: ", options.first.size(), " runs and ", options.against.size(), " against them"),
                     "pairs need as many runs in both groups, in the same order of seeds");
  const Runs all = all_runs(options);
  SeedsSummary summary;
  warn_of_repeats(options.first, summary.warnings);
  warn_of_repeats(options.against, summary.warnings);
  warn_of_common(options, summary.warnings);
  warn_of_others(options.first, summary.warnings);
  warn_of_others(options.against, summary.warnings);
  warn_of_missing(all, summary.warnings);
  for (const EvaluatedSuite& suite : options.first.front().suites) {
    for (const EvaluatedRun& run : all)
      if (const EvaluatedSuite* other = run.suite(suite.name))
        require_same_kind(options.first.front(), suite, run, *other);
    SuiteOverSeeds over{suite.name, suite.generated, {}};
    for (const auto& [metric, unused] : suite.metrics) {
      const auto first = values_of(options.first, suite.name, metric);
      const auto against = values_of(options.against, suite.name, metric);
      if (!first || !against) continue;
      MetricOverSeeds& out = over.metrics.emplace_back(MetricOverSeeds{metric, summary_of(*first), {}, {}, {}});
      if (against->empty()) continue;
      out.against = summary_of(*against);
      out.welch = welch_test(*first, *against);
      if (options.paired) out.paired = paired_t_test(*first, *against);
    }
    if (!over.metrics.empty()) summary.suites.push_back(std::move(over));
  }
  if (summary.suites.empty())
    throw DataError(str("no suite is in all ", all.size(), " runs"),
                    "suites are matched by name: evaluate all runs with one config");
  return summary;
}

}  // namespace luvit
