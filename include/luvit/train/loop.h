#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "luvit/train/bad_files.h"
#include "luvit/train/batch_dump.h"
#include "luvit/train/best_checkpoint.h"
#include "luvit/train/deferred.h"
#include "luvit/train/options.h"
#include "luvit/train/progress.h"
#include "luvit/train/step.h"
#include "luvit/train/stragglers.h"
#include "luvit/train/task.h"

namespace luvit {

struct LoopOptions {
  std::int64_t first_step = 1, last_step = 1;  // counted from 1, last included
  std::int64_t steps_per_epoch = 1;
  std::int64_t micro_batch = 1;  // the most rows at once
  std::int64_t batch_size = 1;   // global
  at::Device device = at::kCPU;
  double peak_lr = 0;
  double flops_per_image = 0, matmul_speed = 0;  // for the log's `sol`; 0: not measured
  OptimOptions optim;
  TrainOptions train;
  LogOptions log;
  CheckpointOptions checkpoint;
  EvalOptions eval;
  GsnrOptions gsnr;
  Compression compression = Compression::none;
  std::int64_t dump_batches = 0;
};

enum class Outcome { finished, stopped };

// What the loop works with, the ranks' team first.
struct LoopParts {
  Team& team;
  Task& task;
  RunOptimizer& optimizer;
  LossScale& scale;
  RunFolder& folder;
  BadFiles& bad_files;
};

// The training loop: accumulate, reduce, clip, update, log, evaluate, checkpoint, stop. It exists once; what is trained
// is the task's business, and one rank is a team of one. Nothing in a step is read back before the next step is under
// way: what a rank has to say (a stop, a loss that is not finite, an unreadable file) goes to all ranks with the step's
// numbers, so that all act on it at the same place.
class Loop {
 public:
  // Called on all ranks, with the number of steps done.
  using SaveCheckpoint = std::function<void(std::int64_t step)>;

  Loop(LoopParts parts, LoopOptions options, SaveCheckpoint save);
  Outcome run();
  // The step whose checkpoint is the best so far.
  std::optional<std::int64_t> best_step() const { return best_.step(); }
  // Every step is done and saved: what may still fail is the last evaluation.
  bool complete() const { return std::max(saved_step_, options_.first_step - 1) >= options_.last_step; }

 private:
  struct Pending {  // a step whose numbers are still on their way
    StepFacts facts;
    StepBatch batch;
    Deferred numbers;
  };

  void step(std::int64_t number);
  void measure_noise(const StepBatch& batch, const StepFacts& facts);
  void settle();  // reads the pending step: log it, or end the run
  [[noreturn]] void fail(const Pending& pending, const std::string& what);
  bool own_step_was_finite(const Pending& pending);
  void watch_for_stragglers(const std::vector<RankNumbers>& ranks);
  void record(const StepFacts& facts, double grad_norm, bool skipped, double scale);
  void checkpoint(std::int64_t step);
  void evaluate(std::int64_t step);
  void keep_if_best(const Evaluation& evaluation, std::int64_t step);
  Outcome stopped(std::int64_t step);
  void show_picture(std::int64_t step);
  void agree_on_stop();
  bool stop_wanted(std::int64_t step) const;
  bool checkpoint_due(std::int64_t step) const;
  bool evaluation_due(std::int64_t step) const;
  bool due(std::int64_t step, std::optional<std::int64_t> every_steps, double every_epochs) const;
  double epoch_of(std::int64_t step) const;

  LoopParts with_;
  LoopOptions options_;
  std::vector<std::string> loss_parts_;
  SaveCheckpoint save_;
  Progress progress_;
  TrainingStep step_;
  Stragglers stragglers_;
  BestCheckpoint best_;
  std::optional<Pending> pending_;
  bool stop_agreed_ = false;
  double own_seconds_ = 0;  // of the step before
  double epoch_loss_ = 0;
  std::int64_t epoch_steps_ = 0, saved_step_ = -1;
};

}  // namespace luvit
