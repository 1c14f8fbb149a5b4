#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>

#include "luvit/core/files.h"
#include "luvit/data/image.h"
#include "luvit/data/loader.h"
#include "luvit/io/json_lines.h"
#include "luvit/io/output_folder.h"
#include "luvit/io/tensorboard.h"
#include "luvit/train/checkpoint.h"

namespace luvit {

// A run's output folder: everything to continue, compare or publish it. Made where it does not exist; held by a
// lock while the run lives (UsageError where another holds it, or where it cannot be written). Only rank 0 writes
// there: for the others, all that writes does nothing, but for their logs.
class RunFolder {
 public:
  explicit RunFolder(const fs::path& path, std::int64_t rank = 0);

  const fs::path& path() const { return path_; }
  Checkpoints& checkpoints() { return checkpoints_; }

  // config.yaml, env.json and train.log (train.rank-%d.log); from here on the rest can be written.
  void open(const std::string& config_yaml, const RunEnvironment& environment);
  void metric(const std::string& json_object);                                  // metrics.jsonl
  void scalar(const std::string& tag, std::int64_t step, double value);         // TensorBoard
  void picture(const std::string& tag, std::int64_t step, const Image& image);  // TAGs/step-%08d.png and TensorBoard
  void bad_file(const BadFile& file);  // bad_files.jsonl, once a file over all starts
  bool writes() const { return rank_ == 0; }

  // What earlier starts of this run left there: the places of unreadable files, and the steps evaluated.
  const std::vector<std::int64_t>& known_bad_files() const { return bad_places_; }
  bool evaluated(std::int64_t step) const { return evaluations_.contains(step); }
  // By step: one figure of the evaluations that have it.
  std::map<std::int64_t, double> evaluations(const std::string& figure) const;

 private:
  void read_what_is_there();

  fs::path path_;
  std::int64_t rank_;
  std::unique_ptr<OutputFolder> folder_;
  Checkpoints checkpoints_;
  std::unique_ptr<JsonLines> metrics_, bad_files_;
  std::unique_ptr<TensorBoardWriter> events_;
  std::set<std::string> bad_names_;
  std::vector<std::int64_t> bad_places_;
  std::map<std::int64_t, std::map<std::string, double>> evaluations_;  // by step: their figures
};

}  // namespace luvit
