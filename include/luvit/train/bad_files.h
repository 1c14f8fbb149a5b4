#pragma once
#include <set>

#include "luvit/distributed/team.h"
#include "luvit/train/run_folder.h"

namespace luvit {

// The unreadable images of a run, of all ranks and all its starts: each listed once, and counted.
class BadFiles {
 public:
  BadFiles(Team& team, RunFolder& folder, std::int64_t max_bad);

  // On the rank that came upon it.
  void found(const BadFile& file) { untold_.push_back(file); }
  std::int64_t untold() const { return static_cast<std::int64_t>(untold_.size()); }
  // All ranks tell each other what they have found. DataError where there are more than max_bad.
  void tell();
  std::int64_t count() const { return static_cast<std::int64_t>(places_.size()); }

 private:
  Team& team_;
  RunFolder& folder_;
  std::int64_t max_bad_;
  std::vector<BadFile> untold_;
  std::set<std::int64_t> places_;
  std::vector<std::string> first_reasons_;  // of this start
};

}  // namespace luvit
