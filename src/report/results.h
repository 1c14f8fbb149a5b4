#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "luvit/core/files.h"
#include "luvit/statistics/intervals.h"

namespace luvit {

struct ReliabilityBins {
  std::vector<double> n, accuracy, confidence;
};

struct ClassCount {
  std::int64_t label, n, correct;
};

struct SuiteResult {
  std::string name, kind, data;
  bool generated = false;  // corruptions made here, not the published files
  // Every number of the suite by its key, those within objects by "object.key".
  std::map<std::string, double> figures;
  // Lists of numbers, by key as above; of an interval its two ends. NaN for what was not measured.
  std::map<std::string, std::vector<double>> lists;
  std::vector<std::pair<std::string, std::string>> notes;          // what is no number
  std::optional<Interval> interval;                                // of top-1
  std::vector<std::pair<std::string, std::vector<double>>> cells;  // top-1 of a corruption's five severities
  std::optional<ReliabilityBins> reliability;
  std::vector<ClassCount> classes;

  std::optional<double> figure(const std::string& key) const;
  std::optional<Interval> interval_of(const std::string& key) const;  // a list of two
  std::int64_t images() const;                                        // 0 where the file does not say
};

struct RunResults {
  std::vector<SuiteResult> suites;  // in the file's order
  std::vector<std::pair<std::string, std::string>> provenance;
  std::vector<std::string> warnings;  // of the evaluation, about its data
  std::optional<std::string> provenance_of(const std::string& key) const;
};

// RUN/results.json. DataError naming file, suite and key where something is not as CONTRACTS' `luvit_eval` says.
RunResults read_results(const fs::path& file);

}  // namespace luvit
