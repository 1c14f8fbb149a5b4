#pragma once
#include <chrono>
#include <string>

#include "luvit/train/run_folder.h"
#include "luvit/train/task.h"

namespace luvit {

struct StepRecord {
  std::int64_t step = 0;
  double epoch = 0, loss = 0, lr = 0, grad_norm = 0;
  bool skipped = false;   // float16: the update was left out
  double loss_scale = 0;  // float16 only
};

// What a run tells while it goes: a line in the log, an object in metrics.jsonl, points in TensorBoard.
class Progress {
 public:
  Progress(RunFolder& folder, std::int64_t first_step, std::int64_t last_step, std::int64_t steps_per_epoch,
           std::int64_t batch_size);

  // Clocks exclude what is not training (checkpoints, evaluation) between pause() and resume().
  void pause();
  void resume();
  void step(const StepRecord& record, double waited_seconds, std::int64_t bad_files);
  void evaluation(const Evaluation& evaluation, std::int64_t step, double epoch);
  void epoch(std::int64_t number, std::int64_t step, std::int64_t steps, double mean_loss);
  void picture(std::int64_t step, const Image& picture);
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  RunFolder& folder_;
  std::int64_t first_, last_, steps_per_epoch_, batch_size_;
  std::int64_t logged_step_;
  double logged_waited_ = 0;
  double active_ = 0, logged_active_ = 0;  // seconds of training
  double smooth_loss_ = 0, smooth_weight_ = 0;
  double best_rate_seconds_ = 0;  // of the steps after the first line, for the time left
  std::int64_t rate_steps_ = 0;
  Clock::time_point started_;
  bool terminal_;
  double active_seconds() const;
};

}  // namespace luvit
