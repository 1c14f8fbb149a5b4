#include "luvit/train/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "luvit/core/log.h"
#include "luvit/core/machine.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

std::string number(double value) {
  return std::isfinite(value) ? exact(value) : "null";
}

std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

}  // namespace

Progress::Progress(RunFolder& folder, std::int64_t first_step, std::int64_t last_step, std::int64_t steps_per_epoch,
                   std::int64_t batch_size)
    : folder_(folder),
      first_(first_step),
      last_(last_step),
      steps_per_epoch_(steps_per_epoch),
      batch_size_(batch_size),
      logged_step_(first_step - 1),
      started_(Clock::now()),
      terminal_(::isatty(STDERR_FILENO) != 0) {}

double Progress::active_seconds() const {
  return active_ + std::chrono::duration<double>(Clock::now() - started_).count();
}
void Progress::pause() {
  active_ = active_seconds();
}
void Progress::resume() {
  started_ = Clock::now();
}

void Progress::step(const StepRecord& record, double waited_seconds, std::int64_t bad_files) {
  const double active = active_seconds();
  const double seconds = std::max(active - logged_active_, 1e-9);
  const std::int64_t steps = record.step - logged_step_;
  const double rate = static_cast<double>(steps * batch_size_) / seconds;
  const double wait = std::clamp((waited_seconds - logged_waited_) / seconds, 0.0, 1.0);
  if (std::isfinite(record.loss)) {
    smooth_loss_ = 0.9 * smooth_loss_ + 0.1 * record.loss;
    smooth_weight_ = 0.9 * smooth_weight_ + 0.1;
  }
  // The first line holds the start-up; the time left is judged by what came after it.
  if (logged_step_ >= first_) {
    best_rate_seconds_ += seconds;
    rate_steps_ += steps;
  }
  const double step_seconds =
      rate_steps_ > 0 ? best_rate_seconds_ / static_cast<double>(rate_steps_) : seconds / static_cast<double>(steps);
  logged_step_ = record.step;
  logged_active_ = active;
  logged_waited_ = waited_seconds;

  folder_.metric(str("{\"kind\":\"step\",\"step\":", record.step, ",\"epoch\":", number(record.epoch), ",\"loss\":",
                     number(record.loss), ",\"lr\":", number(record.lr), ",\"grad_norm\":", number(record.grad_norm),
                     ",\"images_per_second\":", number(rate), ",\"data_wait\":", number(wait),
                     record.loss_scale > 0 ? str(",\"loss_scale\":", number(record.loss_scale)) : "",
                     record.skipped ? ",\"skipped\":true" : "", bad_files > 0 ? str(",\"bad_files\":", bad_files) : "",
                     ",\"memory_bytes\":", peak_memory_bytes(), "}"));
  folder_.events().scalar("train/loss", record.step, record.loss);
  folder_.events().scalar("train/lr", record.step, record.lr);
  folder_.events().scalar("train/grad_norm", record.step, record.grad_norm);
  folder_.events().scalar("train/images_per_second", record.step, rate);
  folder_.events().scalar("train/data_wait", record.step, wait);

  const std::int64_t epochs = (last_ + steps_per_epoch_ - 1) / steps_per_epoch_;
  log_info(str("epoch ", (record.step - 1) / steps_per_epoch_ + 1, "/", epochs, " it ",
               (record.step - 1) % steps_per_epoch_ + 1, "/", steps_per_epoch_, " step ", record.step, "/", last_,
               " loss ", format("%.4f", record.loss), " (",
               format("%.4f", smooth_weight_ > 0 ? smooth_loss_ / smooth_weight_ : record.loss), ") lr ",
               format("%.3e", record.lr), " gnorm ", format("%.3g", record.grad_norm), record.skipped ? " skipped" : "",
               " | ", format("%.4g", rate), " img/s data ", format("%.1f", 100 * wait), "% mem ",
               human_bytes(static_cast<double>(peak_memory_bytes())), bad_files > 0 ? str(" bad ", bad_files) : "",
               " | eta ", human_seconds(step_seconds * static_cast<double>(last_ - record.step))));
  if (terminal_)
    std::fprintf(stderr, "\r%3.0f%% of %lld steps\r",
                 100.0 * static_cast<double>(record.step) / static_cast<double>(last_), static_cast<long long>(last_));
}

void Progress::evaluation(const Evaluation& evaluation, std::int64_t step, double epoch) {
  std::string fields, words;
  for (const auto& [name, value] : evaluation.figures) {
    fields += str(",\"", name, "\":", number(value));
    words += str(" ", name, " ", format("%.4f", value));
    folder_.events().scalar(str(evaluation.suite, "/", name), step, value);
  }
  folder_.metric(str("{\"kind\":\"eval\",\"suite\":", json_quote(evaluation.suite), ",\"step\":", step,
                     ",\"epoch\":", number(epoch), fields, ",\"n\":", evaluation.n, "}"));
  log_info(str("eval ", evaluation.suite, " step ", step, words, " n ", evaluation.n));
}

// `steps` counts those of this process: after a resume in mid-epoch the mean is over the rest.
void Progress::epoch(std::int64_t number_of_epoch, std::int64_t step, std::int64_t steps, double mean_loss) {
  folder_.metric(str("{\"kind\":\"epoch\",\"epoch\":", number_of_epoch, ",\"step\":", step, ",\"steps\":", steps,
                     ",\"loss\":", number(mean_loss), "}"));
}

void Progress::picture(std::int64_t step, const Image& picture) {
  folder_.events().png("reconstruction", step, static_cast<int>(picture.height), static_cast<int>(picture.width),
                       encode_png(picture));
}

void Progress::finish() {
  folder_.events().flush();
  log_flush();
}

}  // namespace luvit
