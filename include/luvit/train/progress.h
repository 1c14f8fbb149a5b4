#pragma once
#include <chrono>
#include <string>

#include "luvit/optim/gradient_noise.h"
#include "luvit/train/run_folder.h"
#include "luvit/train/task.h"

namespace luvit {

struct StepRecord {
  std::int64_t step = 0;
  double epoch = 0, loss = 0;
  std::vector<std::pair<std::string, double>> loss_parts;  // before their weights
  double lr = 0, grad_norm = 0;
  bool skipped = false;   // float16: the update was left out
  double loss_scale = 0;  // float16 only
};

struct ProgressOptions {
  std::int64_t first_step = 1, last_step = 1, steps_per_epoch = 1, batch_size = 1;
  at::Device device = at::kCPU;
  double flops_per_image = 0, matmul_speed = 0;  // FLOP, FLOP/s; 0: no `sol` is told
};

// What a run tells while it goes: a line in the log, an object in metrics.jsonl, points in TensorBoard, and a bar on
// stderr where that is a terminal.
class Progress {
 public:
  Progress(RunFolder& folder, ProgressOptions options);

  // Clocks exclude what is not training (checkpoints, evaluation) between pause() and resume().
  void pause();
  void resume();
  void step(const StepRecord& record, double waited_seconds, std::int64_t bad_files);
  void evaluation(const Evaluation& evaluation, std::int64_t step, double epoch);
  void gradient_noise(std::int64_t step, double epoch, const GradientDraws& draws,
                      const std::vector<TensorGsnr>& tensors);
  // `steps` counts those of this process: after a resume in mid-epoch the mean is over the rest.
  void epoch(std::int64_t number, std::int64_t step, std::int64_t steps, double mean_loss);
  void bar(std::int64_t step);
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  struct Speed {
    double images_per_second = 0, data_wait = 0, seconds_left = 0;
    double sol = 0;  // share of the measured matrix-product speed
  };
  double active_seconds() const;
  Speed measure(std::int64_t step, double waited_seconds);
  void write_metrics(const StepRecord& record, const Speed& speed, std::int64_t bad_files);
  void write_events(const StepRecord& record, const Speed& speed);
  std::string line(const StepRecord& record, const Speed& speed, std::int64_t bad_files) const;
  void say(const std::string& text);

  RunFolder& folder_;
  ProgressOptions options_;
  std::int64_t logged_step_;
  double logged_waited_ = 0;
  double active_ = 0, logged_active_ = 0;  // seconds of training
  double smooth_loss_ = 0, smooth_weight_ = 0;
  double timed_seconds_ = 0;  // of the steps after the first line, for the time left
  std::int64_t timed_steps_ = 0;
  Clock::time_point started_, drawn_;
  bool terminal_;
};

}  // namespace luvit
