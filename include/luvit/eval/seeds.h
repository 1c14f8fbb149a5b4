#pragma once
#include "luvit/eval/evaluated_run.h"
#include "luvit/statistics/samples.h"

namespace luvit {

// Figures of runs that differ in the seed alone, and of another such group beside them.

struct MetricOverSeeds {
  std::string key;  // top1, …, entropy.gap_mean
  SampleSummary first;
  std::optional<SampleSummary> against;
  std::optional<MeanDifference> welch;   // against − first; none where a group has one run, or neither any spread
  std::optional<MeanDifference> paired;  // on request
};

struct SuiteOverSeeds {
  std::string name;
  bool generated = false;  // imagenet_c on corruptions of our own making
  std::vector<MetricOverSeeds> metrics;
};

struct SeedsOptions {
  std::vector<EvaluatedRun> first, against = {};
  bool paired = false;  // runs at the same place share a seed
};

struct SeedsSummary {
  std::vector<SuiteOverSeeds> suites;  // in the first run's order
  std::vector<std::string> warnings;   // suites and metrics that not all runs have, runs given twice, unequal n
};

// Over suites and metrics that all runs have. DataError where there are none, or a suite is not the same thing in all.
SeedsSummary summarise_seeds(const SeedsOptions& options);

std::string seeds_json(const SeedsSummary& summary);
std::string seeds_text(const SeedsSummary& summary);

}  // namespace luvit
