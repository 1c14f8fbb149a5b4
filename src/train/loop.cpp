#include "luvit/train/loop.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/signals.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

std::vector<RankNumbers> numbers_of_ranks(const std::vector<double>& numbers, std::int64_t ranks, std::int64_t row) {
  std::vector<RankNumbers> all;
  for (const double* n = numbers.data(); std::ssize(all) < ranks; n += row)
    all.push_back({.loss = n[0], .bad_loss = n[1], .stop = n[2], .bad_files = n[3], .seconds = n[4]});
  return all;
}

double sum(const std::vector<RankNumbers>& ranks, double RankNumbers::*number) {
  double total = 0;
  for (const RankNumbers& rank : ranks) total += rank.*number;
  return total;
}

// Means over the ranks of what follows the first numbers of each row.
std::vector<double> means_of_parts(const std::vector<double>& numbers, std::int64_t ranks, std::int64_t row) {
  std::vector<double> means(static_cast<std::size_t>(row - RankNumbers::count));
  for (std::size_t part = 0; part < means.size(); ++part) {
    for (std::int64_t rank = 0; rank < ranks; ++rank)
      means[part] += numbers[static_cast<std::size_t>(rank * row + RankNumbers::count) + part];
    means[part] /= static_cast<double>(ranks);
  }
  return means;
}

}  // namespace

Loop::Loop(LoopParts parts, LoopOptions options, SaveCheckpoint save)
    : with_(parts),
      options_(std::move(options)),
      loss_parts_(parts.task.loss_parts()),
      save_(std::move(save)),
      progress_(parts.folder, {.first_step = options_.first_step,
                               .last_step = options_.last_step,
                               .steps_per_epoch = options_.steps_per_epoch,
                               .batch_size = options_.batch_size,
                               .device = options_.device,
                               .flops_per_image = options_.flops_per_image,
                               .matmul_speed = options_.matmul_speed}),
      step_(parts.task, parts.optimizer, parts.scale, parts.team.ranks(),
            {.micro_batch = options_.micro_batch,
             .clip_grad = options_.optim.clip_grad,
             .compression = options_.compression}),
      best_(parts.team, parts.folder, parts.task.score(), options_.first_step - 1) {}

Outcome Loop::run() {
  const std::int64_t done = options_.first_step - 1;
  agree_on_stop();
  if (done < options_.last_step && stop_wanted(done)) return stopped(done);
  with_.task.trained().train(true);
  // An evaluation that a stop or a kill cut off is made up for; the leader's metrics tell.
  const bool evaluated = !with_.team.from_leader(with_.folder.evaluated(done) ? "evaluated" : "").empty();
  if (evaluation_due(done) && !evaluated) evaluate(done);
  if (done < options_.last_step) with_.task.start(options_.first_step, options_.last_step);
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

// One rank obeys at once; several when all know of it, from the numbers of the step before.
bool Loop::stop_wanted(std::int64_t step) const {
  const bool asked = with_.team.size() == 1 ? stop_requested() : stop_agreed_;
  return asked || (options_.train.stop_after_steps && step >= *options_.train.stop_after_steps);
}

// Outside the steps, where ranks can wait for one another.
void Loop::agree_on_stop() {
  for (const std::string& answer : with_.team.ranks().gather_text(stop_requested() ? "stop" : ""))
    stop_agreed_ |= !answer.empty();
}

bool Loop::checkpoint_due(std::int64_t step) const {
  return step == options_.last_step || due(step, options_.checkpoint.every_steps, options_.checkpoint.every_epochs);
}

bool Loop::evaluation_due(std::int64_t step) const {
  return step > 0 && (step == options_.last_step || due(step, std::nullopt, options_.eval.every_epochs));
}

Outcome Loop::stopped(std::int64_t step) {
  progress_.finish();
  const bool signalled = stop_requested() || stop_agreed_;
  const std::string reason = stop_requested() ? str("by ", stop_signal_name())
                             : stop_agreed_   ? "by a signal to another rank"
                                              : "by train.stop_after_steps";
  const std::string what = saved_step_ == step ? str("after step ", step, ": checkpoint saved")
                                               : str("before step ", step + 1, ": nothing new to save");
  log_info(str("stopped ", reason, " ", what, "; ",
               signalled ? "run the same command again" : "raise or leave out train.stop_after_steps", " to go on"));
  return Outcome::stopped;
}

void Loop::step(std::int64_t number) {
  const auto begin = std::chrono::steady_clock::now();
  const double waited = with_.team.ranks().waited_seconds();
  with_.team.alive();
  StepFacts facts{.step = number, .epoch = epoch_of(number)};
  facts.lr = learning_rate(options_.optim, options_.peak_lr, facts.epoch,
                           static_cast<double>(options_.last_step) / static_cast<double>(options_.steps_per_epoch));
  const StepBatch batch = with_.task.next_batch();
  if (options_.gsnr.every_steps && number % *options_.gsnr.every_steps == 0) measure_noise(batch, facts);
  const RankNumbers own{.stop = stop_requested() ? 1.0 : 0.0,
                        .bad_files = static_cast<double>(with_.bad_files.untold()),
                        .seconds = own_seconds_};
  const StepNumbers n = step_(batch, facts.lr, own, [this] { settle(); });
  with_.task.updated();
  pending_.emplace(Pending{
      facts, batch, Deferred({n.of_ranks, at::stack({n.grad_norm, n.bad_gradient, n.scale_used, n.scale_next})})});
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  own_seconds_ = taken.count() - (with_.team.ranks().waited_seconds() - waited);
}

// Before the step, so at the weights that its gradient is of.
void Loop::measure_noise(const StepBatch& batch, const StepFacts& facts) {
  settle();  // the gradients of the step before are still wanted for it
  progress_.pause();
  GradientNoise noise = step_.gradient_noise(batch, options_.gsnr.micro_batch);
  if (with_.folder.writes()) progress_.gradient_noise(facts.step, facts.epoch, noise.draws(), noise.finish());
  progress_.resume();
}

void Loop::settle() {
  if (!pending_) return;
  Pending pending = std::move(*pending_);
  pending_.reset();
  const auto numbers = pending.numbers.read();
  const std::int64_t row = RankNumbers::count + std::ssize(loss_parts_);
  const auto ranks = numbers_of_ranks(numbers, with_.team.size(), row);
  const double* of_all = numbers.data() + with_.team.size() * row;
  const double grad_norm = of_all[0], scale_used = of_all[2], scale_next = of_all[3];
  const bool bad_gradient = of_all[1] != 0, float16 = with_.scale.enabled();
  pending.facts.loss = sum(ranks, &RankNumbers::loss) / static_cast<double>(ranks.size());
  pending.facts.loss_parts = means_of_parts(numbers, with_.team.size(), row);
  if (sum(ranks, &RankNumbers::bad_loss) > 0) fail(pending, "the loss is not finite");
  if (bad_gradient && !float16) fail(pending, "the gradient is not finite");
  if (float16 && scale_next < 1) fail(pending, "the loss scale fell below 1");
  if (sum(ranks, &RankNumbers::bad_files) > 0) with_.bad_files.tell();
  stop_agreed_ |= sum(ranks, &RankNumbers::stop) > 0;
  watch_for_stragglers(ranks);
  if (pending.facts.step <= options_.dump_batches && with_.folder.writes()) {
    char name[48];
    std::snprintf(name, sizeof name, "step-%06lld.safetensors", static_cast<long long>(pending.facts.step));
    file_layer().make_folder(with_.folder.path() / "batches");
    dump_batch(with_.folder.path() / "batches" / name, pending.batch, pending.facts);
  }
  record(pending.facts, grad_norm, bad_gradient, scale_used);
}

// All ranks are here. The gradients are those of all of them: which rank's own are not finite, each finds out for
// itself, from the weights before the step, which are still in place.
void Loop::fail(const Pending& pending, const std::string& what) {
  Team& team = with_.team;
  const fs::path where = with_.folder.path() / "nonfinite";
  const bool guilty = team.size() > 1 && !own_step_was_finite(pending);
  const auto answers = team.ranks().gather_text(guilty ? "guilty" : "");
  // No one where only the sum over the ranks went beyond the type's range, or with one rank.
  const auto first = std::find(answers.begin(), answers.end(), "guilty");
  const std::int64_t named = first == answers.end() ? 0 : first - answers.begin();
  if (guilty || team.rank() == named)
    report_nonfinite(where, pending.batch, pending.facts, team.rank(), with_.task.model());
  team.part(/*teller=*/named);
  throw RunError(str("step ", pending.facts.step, ", rank ", named, ": ", what, " (loss ", pending.facts.loss, ", lr ",
                     pending.facts.lr, "); the weights are those before this step"),
                 str("the batch and the gradient norms by layer are in ", where.string(),
                     "; a lower optim.lr, a longer warm-up or optim.clip_grad often helps"));
}

bool Loop::own_step_was_finite(const Pending& pending) {
  try {
    return step_.own_gradients_finite(pending.batch);
  } catch (const c10::OutOfMemoryError&) {  // beside the forward pass that is under way there may be no room
    log_warning("no memory to find out whether this rank's own gradients are finite");
    return true;
  }
}

void Loop::watch_for_stragglers(const std::vector<RankNumbers>& ranks) {
  std::vector<double> seconds;
  for (const RankNumbers& rank : ranks) seconds.push_back(rank.seconds);
  if (const auto line = stragglers_.add(seconds)) log_info(*line);
}

void Loop::record(const StepFacts& facts, double grad_norm, bool skipped, double scale) {
  const std::int64_t step = facts.step;
  epoch_loss_ += facts.loss;
  ++epoch_steps_;
  progress_.bar(step);
  if (skipped || step % options_.log.every == 0 || step == options_.last_step) {
    std::vector<std::pair<std::string, double>> parts;
    for (std::size_t i = 0; i < loss_parts_.size(); ++i) parts.emplace_back(loss_parts_[i], facts.loss_parts[i]);
    progress_.step({.step = step,
                    .epoch = facts.epoch,
                    .loss = facts.loss,
                    .loss_parts = std::move(parts),
                    .lr = facts.lr,
                    .grad_norm = grad_norm,
                    .skipped = skipped,
                    .loss_scale = scale},
                   with_.task.waited_seconds(), with_.bad_files.count());
  }
  if (step % options_.steps_per_epoch == 0) {
    progress_.epoch(step / options_.steps_per_epoch, step, epoch_steps_,
                    epoch_loss_ / static_cast<double>(epoch_steps_));
    epoch_loss_ = 0;
    epoch_steps_ = 0;
  }
}

void Loop::checkpoint(std::int64_t step) {
  settle();  // a step that was not finite leaves no checkpoint
  const SignsOfLife signs(with_.team);
  progress_.pause();
  save_(step);
  saved_step_ = step;
  // Nobody goes on, or ends, before the leader is done: a launcher that sees a rank end kills the others.
  with_.team.together([&] { show_picture(step); });
  progress_.resume();
}

void Loop::show_picture(std::int64_t step) {
  if (!with_.folder.writes()) return;
  with_.task.trained().train(false);
  try {
    if (const auto picture = with_.task.picture()) with_.folder.picture("reconstruction", step, *picture);
  } catch (const DataError& error) {  // training tells about unreadable images; a picture may go without
    log_warning(str("no picture of reconstructions at step ", step, ": ", error.what()));
  }
  with_.task.trained().train(true);
}

void Loop::evaluate(std::int64_t step) {
  settle();
  progress_.pause();
  with_.task.trained().train(false);
  const auto result = with_.task.evaluate();
  with_.task.trained().train(true);
  if (result) progress_.evaluation(*result, step, epoch_of(step));
  agree_on_stop();
  progress_.resume();
  if (result) keep_if_best(*result, step);
}

void Loop::keep_if_best(const Evaluation& evaluation, std::int64_t step) {
  if (!best_.beaten_by(evaluation)) return;
  if (saved_step_ != step && step >= options_.first_step) checkpoint(step);
  with_.team.together([&] { best_.replace(evaluation, step); });
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
