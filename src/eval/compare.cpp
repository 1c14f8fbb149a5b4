#include "luvit/eval/compare.h"

#include <unordered_map>

#include "compare_tokens.h"
#include "correct.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "paired_lines.h"

namespace luvit {
namespace {

struct Count {
  std::int64_t n = 0, a_right = 0, b_right = 0, a_only = 0, b_only = 0;

  void add(bool a, bool b) {
    ++n;
    a_right += a;
    b_right += b;
    a_only += a && !b;
    b_only += b && !a;
  }
};

struct Tally {
  Count all;
  std::map<std::string, Count> variations;
  std::unordered_map<std::string, Cluster> sources;
};

Pairs pairs_of(const Count& count, std::vector<Cluster> clusters, const BootstrapOptions& bootstrap) {
  const auto n = static_cast<double>(std::max<std::int64_t>(count.n, 1));
  return {.n = count.n,
          .a = static_cast<double>(count.a_right) / n,
          .b = static_cast<double>(count.b_right) / n,
          .interval95 = bootstrap_interval(std::move(clusters), bootstrap),
          .a_only = count.a_only,
          .b_only = count.b_only,
          .mcnemar_p = mcnemar_p(count.a_only, count.b_only)};
}

// Of images that are resampled one by one only the counts matter.
Pairs pairs_of(const Count& count, const BootstrapOptions& bootstrap) {
  std::vector<Cluster> clusters(static_cast<std::size_t>(count.n), Cluster{0, 1});
  for (std::int64_t i = 0; i < count.a_only + count.b_only; ++i)
    clusters[static_cast<std::size_t>(i)].sum = i < count.a_only ? -1 : 1;
  return pairs_of(count, std::move(clusters), bootstrap);
}

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
