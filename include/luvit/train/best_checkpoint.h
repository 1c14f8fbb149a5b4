#pragma once
#include <optional>

#include "luvit/distributed/team.h"
#include "luvit/train/run_folder.h"
#include "luvit/train/task.h"

namespace luvit {

// The checkpoint whose evaluation has the best score (Task::score): named in checkpoints/best, and kept beyond
// checkpoint.keep. Of equal ones the earlier.
class BestCheckpoint {
 public:
  // What earlier starts of the run have found, up to the step that this one goes on from.
  BestCheckpoint(Team& team, RunFolder& folder, std::string score, std::int64_t done);

  std::optional<std::int64_t> step() const { return step_; }
  bool beaten_by(const Evaluation& evaluation) const;
  // It has been beaten by that step's, whose checkpoint stands.
  void replace(const Evaluation& evaluation, std::int64_t step);

 private:
  std::optional<double> score_of(const Evaluation& evaluation) const;

  RunFolder& folder_;
  std::string name_;
  std::optional<std::int64_t> step_;
  double score_ = 0;
};

}  // namespace luvit
