#include "luvit/train/loop.h"

#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/signals.h"
#include "luvit/core/text.h"

namespace luvit {

Loop::Loop(Task& task, AdamW& optimizer, LossScale& scale, RunFolder& folder, LoopOptions options, SaveCheckpoint save)
    : task_(task),
      scale_(scale),
      folder_(folder),
      options_(std::move(options)),
      save_(std::move(save)),
      progress_(folder, {.first_step = options_.first_step,
                         .last_step = options_.last_step,
                         .steps_per_epoch = options_.steps_per_epoch,
                         .batch_size = options_.batch_size,
                         .device = options_.device,
                         .flops_per_image = options_.flops_per_image,
                         .matmul_speed = options_.matmul_speed}),
      step_(task, optimizer, scale, options_.micro_batch, options_.optim.clip_grad) {}

Outcome Loop::run() {
  const std::int64_t done = options_.first_step - 1;
  if (done < options_.last_step && stop_wanted(done)) return Outcome::stopped;
  task_.model().train(true);
  // An evaluation that a stop or a kill cut off is made up for.
  if (evaluation_due(done) && !folder_.evaluated(done)) evaluate(done);
  if (done < options_.last_step) task_.start(options_.first_step, options_.last_step);
  for (std::int64_t number = options_.first_step; number <= options_.last_step; ++number) {
    step(number);
    const bool stop = stop_wanted(number);
    if (stop || checkpoint_due(number)) checkpoint(number);
    if (!stop && evaluation_due(number)) evaluate(number);
    if (!stop_wanted(number)) continue;
    if (saved_step_ != number) checkpoint(number);
    return stopped(number);
  }
  progress_.finish();
  return Outcome::finished;
}

bool Loop::stop_wanted(std::int64_t step) const {
  return stop_requested() || (options_.train.stop_after_steps && step >= *options_.train.stop_after_steps);
}

bool Loop::checkpoint_due(std::int64_t step) const {
  return step == options_.last_step || due(step, options_.checkpoint.every_steps, options_.checkpoint.every_epochs);
}

bool Loop::evaluation_due(std::int64_t step) const {
  return step > 0 && (step == options_.last_step || due(step, std::nullopt, options_.eval.every_epochs));
}

Outcome Loop::stopped(std::int64_t step) {
  progress_.finish();
  const std::string reason = stop_requested() ? str("by ", stop_signal_name()) : "by train.stop_after_steps";
  log_info(str("stopped ", reason, " after step ", step, ": checkpoint saved; run the same command again to go on"));
  return Outcome::stopped;
}

void Loop::step(std::int64_t number) {
  StepFacts facts{.step = number, .epoch = epoch_of(number)};
  facts.lr = learning_rate(options_.optim, options_.peak_lr, facts.epoch,
                           static_cast<double>(options_.last_step) / static_cast<double>(options_.steps_per_epoch));
  const StepBatch batch = task_.next_batch();
  const StepNumbers n = step_(batch, facts.lr, [this] { settle(); });
  pending_.emplace(
      Pending{facts, batch, Deferred({n.loss, n.grad_norm, n.bad_loss, n.bad_gradient, n.scale_used, n.scale_next})});
}

void Loop::settle() {
  if (!pending_) return;
  Pending pending = std::move(*pending_);
  pending_.reset();
  const auto numbers = pending.numbers.read();
  pending.facts.loss = numbers[0];
  const bool bad_loss = numbers[2] != 0, bad_gradient = numbers[3] != 0;
  if (bad_loss) fail(pending, "the loss is not finite");
  if (bad_gradient && !scale_.enabled()) fail(pending, "the gradient is not finite");
  if (scale_.enabled() && numbers[5] < 1) fail(pending, "the loss scale fell below 1");
  if (pending.facts.step <= options_.dump_batches) {
    char name[48];
    std::snprintf(name, sizeof name, "step-%06lld.safetensors", static_cast<long long>(pending.facts.step));
    file_layer().make_folder(folder_.path() / "batches");
    dump_batch(folder_.path() / "batches" / name, pending.batch, pending.facts);
  }
  record(pending.facts, numbers[1], bad_gradient, numbers[4]);
}

void Loop::fail(const Pending& pending, const std::string& what) {
  const fs::path where = folder_.path() / "nonfinite";
  report_nonfinite(where, pending.batch, pending.facts, options_.rank, task_.model());
  throw RunError(str("step ", pending.facts.step, ", rank ", options_.rank, ": ", what, " (loss ", pending.facts.loss,
                     ", lr ", pending.facts.lr, "); the weights are those before this step"),
                 str("the batch and the gradient norms by layer are in ", where.string(),
                     "; a lower optim.lr, a longer warm-up or optim.clip_grad often helps"));
}

void Loop::record(const StepFacts& facts, double grad_norm, bool skipped, double scale) {
  const std::int64_t step = facts.step;
  epoch_loss_ += facts.loss;
  ++epoch_steps_;
  progress_.bar(step);
  if (skipped || step % options_.log.every == 0 || step == options_.last_step)
    progress_.step({.step = step,
                    .epoch = facts.epoch,
                    .loss = facts.loss,
                    .lr = facts.lr,
                    .grad_norm = grad_norm,
                    .skipped = skipped,
                    .loss_scale = scale},
                   task_.waited_seconds(), task_.bad_files());
  if (step % options_.steps_per_epoch == 0) {
    progress_.epoch(step / options_.steps_per_epoch, step, epoch_steps_,
                    epoch_loss_ / static_cast<double>(epoch_steps_));
    epoch_loss_ = 0;
    epoch_steps_ = 0;
  }
}

void Loop::checkpoint(std::int64_t step) {
  settle();  // a step that was not finite leaves no checkpoint
  progress_.pause();
  save_(step);
  saved_step_ = step;
  task_.model().train(false);
  try {
    if (const auto picture = task_.picture()) progress_.picture(step, *picture);
  } catch (const DataError& error) {  // training tells about unreadable images; a picture may go without
    log_warning(str("no picture of reconstructions at step ", step, ": ", error.what()));
  }
  task_.model().train(true);
  progress_.resume();
}

void Loop::evaluate(std::int64_t step) {
  settle();
  progress_.pause();
  task_.model().train(false);
  if (const auto result = task_.evaluate()) progress_.evaluation(*result, step, epoch_of(step));
  task_.model().train(true);
  progress_.resume();
}

bool Loop::due(std::int64_t step, std::optional<std::int64_t> every_steps, double every_epochs) const {
  if (every_steps) return step % *every_steps == 0;
  if (every_epochs <= 0) return false;
  const auto every =
      std::max<std::int64_t>(1, std::llround(every_epochs * static_cast<double>(options_.steps_per_epoch)));
  return step % every == 0;
}

double Loop::epoch_of(std::int64_t step) const {
  return static_cast<double>(step - 1) / static_cast<double>(options_.steps_per_epoch);
}

}  // namespace luvit
