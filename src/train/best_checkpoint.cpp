#include "luvit/train/best_checkpoint.h"

#include <sstream>

#include "luvit/core/text.h"

namespace luvit {

BestCheckpoint::BestCheckpoint(Team& team, RunFolder& folder, std::string score, std::int64_t done)
    : folder_(folder), name_(std::move(score)) {
  if (name_.empty()) return;
  for (const auto& [step, value] : folder.evaluations(name_)) {  // on the leader; the others' folders tell nothing
    if (step > done || !path_exists(folder.checkpoints().folder_of(step))) continue;
    if (step_ && value <= score_) continue;
    step_ = step;
    score_ = value;
  }
  std::istringstream told(team.from_leader(step_ ? str(*step_, " ", exact(score_)) : ""));
  std::int64_t step = 0;
  if (told >> step >> score_) step_ = step;
  if (step_ && folder_.writes()) folder_.checkpoints().name_best(*step_);
}

bool BestCheckpoint::beaten_by(const Evaluation& evaluation) const {
  const auto score = score_of(evaluation);
  return score && (!step_ || *score > score_);
}

void BestCheckpoint::replace(const Evaluation& evaluation, std::int64_t step) {
  step_ = step;
  score_ = score_of(evaluation).value();
  // It does not where the run goes on from another's checkpoint.
  if (folder_.writes() && path_exists(folder_.checkpoints().folder_of(step))) folder_.checkpoints().name_best(step);
}

std::optional<double> BestCheckpoint::score_of(const Evaluation& evaluation) const {
  for (const auto& [name, value] : evaluation.figures)
    if (name == name_) return value;
  return std::nullopt;
}

}  // namespace luvit
