#include "luvit/eval/compare.h"

#include <unordered_map>

#include "compare_tokens.h"
#include "correct.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "pair_count.h"
#include "paired_lines.h"

namespace luvit {
namespace {

struct Tally {
  PairCount all;
  std::map<std::string, PairCount> variations;
  std::unordered_map<std::string, Cluster> sources;
};

SourcePairs source_pairs(const std::vector<Cluster>& sources) {
  SourcePairs pairs;
  pairs.n = std::ssize(sources);
  for (const Cluster& source : sources) {
    pairs.a_better += source.sum < 0;
    pairs.b_better += source.sum > 0;
  }
  pairs.p = mcnemar_p(pairs.a_better, pairs.b_better);
  return pairs;
}

Tally tally_of(const std::string& kind, const fs::path& a, const fs::path& b) {
  const CorrectAnswer correct(kind);
  Tally tally;
  visit_pairs(a, b, [&]() -> PairVisitor {
    tally = {};
    return [&](const PredictionLine& line_a, const PredictionLine& line_b) {
      const bool right_a = correct(line_a), right_b = correct(line_b);
      tally.all.add(right_a, right_b);
      if (kind == "imagenet9") tally.variations[variation_of(line_a.path)].add(right_a, right_b);
      if (kind != "imagenet_c") return;
      Cluster& source =
          tally.sources.try_emplace(std::string(parse_corrupted(line_a.path, a).source), Cluster{0, 0}).first->second;
      source.sum += static_cast<double>(right_b) - static_cast<double>(right_a);
      ++source.rows;
    };
  });
  return tally;
}

SuitePairs compare_suite(const EvaluatedSuite& suite, const fs::path& a, const fs::path& b,
                         const BootstrapOptions& bootstrap) {
  const Tally tally = tally_of(suite.kind, a, b);
  SuitePairs pairs;
  pairs.name = suite.name;
  pairs.generated = suite.generated;
  if (suite.kind == "imagenet_c") {
    std::vector<Cluster> sources;
    for (const auto& [source, cluster] : tally.sources) sources.push_back(cluster);
    pairs.by_source = source_pairs(sources);
    pairs.all = pairs_of(tally.all, std::move(sources), bootstrap);
  } else {
    pairs.all = pairs_of(tally.all, bootstrap);
  }
  for (const auto& [name, count] : tally.variations) pairs.variations.emplace_back(name, pairs_of(count, bootstrap));
  return pairs;
}

}  // namespace

Comparison compare_runs(const EvaluatedRun& a, const EvaluatedRun& b, const BootstrapOptions& bootstrap) {
  Comparison comparison;
  if (!a.weights_sha256.empty() && a.weights_sha256 == b.weights_sha256)
    comparison.warnings.push_back(str(a.file.string(), " and ", b.file.string(), " evaluate the same weights"));
  for (const EvaluatedSuite& suite : a.suites) {
    const std::string name = escape(suite.name);
    const EvaluatedSuite* other = b.suite(suite.name);
    if (!other) {
      comparison.left_out.push_back(str("suite ", name, " is in ", a.file.string(), " only; left out"));
      continue;
    }
    require_same_kind(a, suite, b, *other);
    if (suite.preprocess != other->preprocess)
      comparison.warnings.push_back(str("suite ", name, ": the images were preprocessed differently: ",
                                        escape(suite.preprocess), " and ", escape(other->preprocess)));
    const bool of_tokens = suite.kind == "imagenet_s";
    const fs::path file_a = of_tokens ? a.analysis(suite) : a.predictions(suite);
    const fs::path file_b = of_tokens ? b.analysis(*other) : b.predictions(*other);
    if (const bool in_a = path_exists(file_a); !in_a || !path_exists(file_b)) {
      comparison.left_out.push_back(str("suite ", name, ": no ", (in_a ? file_b : file_a).string(),
                                        of_tokens ? "" : " (predictions: false?)", "; left out"));
      continue;
    }
    comparison.suites.push_back(of_tokens ? compare_tokens(suite.name, file_a, file_b, bootstrap)
                                          : compare_suite(suite, file_a, file_b, bootstrap));
  }
  for (const EvaluatedSuite& suite : b.suites)
    if (!a.suite(suite.name))
      comparison.left_out.push_back(str("suite ", escape(suite.name), " is in ", b.file.string(), " only; left out"));
  if (comparison.suites.empty()) {
    std::vector<std::string> lines = {
        str("no suite of ", a.file.string(), " and ", b.file.string(), " can be compared")};
    lines.insert(lines.end(), comparison.left_out.begin(), comparison.left_out.end());
    throw DataError(lines, "both need a suite of the same name, evaluated with `predictions: true`");
  }
  return comparison;
}

}  // namespace luvit
