#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "luvit/core/files.h"
#include "luvit/statistics/intervals.h"

namespace luvit {

// An evaluation read back from its folder: what compare, seeds and table look at.

struct EvaluatedSuite {
  std::string name;
  std::string kind;  // imagenet, imagenet_c, …; told by the keys that it alone has where the file does not say; else ""
  std::string data;        // the suite's folder, as the config had it
  bool generated = false;  // imagenet_c on corruptions of our own making: never to be called IN-C
  // Its numbers in the file's order, those inside an object under "OBJECT.KEY" (entropy.gap_mean). No counts (n,
  // n_used), no lists.
  std::vector<std::pair<std::string, double>> metrics;
  std::optional<std::int64_t> n;
  std::optional<Interval> interval95;         // of top1
  std::vector<std::string> incomplete;        // what it lacks of its data set, by the run's provenance: a line each
  std::string preprocess;                     // JSON; "" where the file does not say
  std::map<std::string, Interval> intervals;  // of other metrics, where the file has KEY_interval95 beside KEY

  std::optional<double> metric(const std::string& key) const;
};

struct EvaluatedRun {
  fs::path file;  // results.json
  std::vector<EvaluatedSuite> suites;
  std::string weights_sha256;  // "" where the file does not say
  std::string provenance;      // JSON, "{}" where there is none

  const EvaluatedSuite* suite(const std::string& name) const;
  std::string name() const;                                 // the folder's, for people
  fs::path predictions(const EvaluatedSuite& suite) const;  // predictions/NAME.csv beside results.json
  fs::path analysis(const EvaluatedSuite& suite) const;     // analysis/NAME.csv
};

// A run's folder or its results.json. DataError naming the file and the place in it where it is missing or malformed.
EvaluatedRun read_evaluation(const fs::path& path);

// DataError unless the suite that both runs have under this name is the same thing; corruptions that we made are none
// of ImageNet-C.
void require_same_kind(const EvaluatedRun& run_a, const EvaluatedSuite& a, const EvaluatedRun& run_b,
                       const EvaluatedSuite& b);
// The suite's name for people, what was generated marked as that.
std::string spoken_name(const std::string& suite, bool generated);

// One image's line of predictions.
struct PredictionLine {
  std::string_view path;
  std::int64_t label = -1, choice = -1;
  double confidence = 0;
};

// Reads predictions/NAME.csv line by line. DataError with file and line where it is malformed.
class CsvReader;
class PredictionReader {
 public:
  explicit PredictionReader(const fs::path& path);
  ~PredictionReader();
  bool next(PredictionLine& line);  // its path lives until the next call

 private:
  std::unique_ptr<CsvReader> reader_;
  std::size_t path_ = 0, label_ = 0, choice_ = 0, confidence_ = 0;
};

}  // namespace luvit
