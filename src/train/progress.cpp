#include "luvit/train/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/distributed/device.h"

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

std::string gsnr_json(const GsnrFigures& figures) {
  return str("{\"n\":", figures.n, ",\"no_variance\":", figures.no_variance, ",\"key_bias\":", figures.key_bias,
             ",\"r_l\":", number(figures.ratio), ",\"b_simple\":", number(figures.noise_scale()),
             ",\"mean\":", number(figures.mean), ",\"median\":", number(figures.median),
             ",\"p95\":", number(figures.p95), ",\"share_positive\":", number(figures.share_positive), "}");
}

}  // namespace

Progress::Progress(RunFolder& folder, ProgressOptions options)
    : folder_(folder),
      options_(options),
      logged_step_(options.first_step - 1),
      started_(Clock::now()),
      drawn_(started_),
      terminal_(folder.writes() && ::isatty(STDERR_FILENO) != 0) {}

double Progress::active_seconds() const {
  return active_ + std::chrono::duration<double>(Clock::now() - started_).count();
}
void Progress::pause() {
  active_ = active_seconds();
}
void Progress::resume() {
  started_ = Clock::now();
}

Progress::Speed Progress::measure(std::int64_t step, double waited_seconds) {
  const double active = active_seconds();
  const double seconds = std::max(active - logged_active_, 1e-9);
  const std::int64_t steps = step - logged_step_;
  Speed speed;
  speed.images_per_second = static_cast<double>(steps * options_.batch_size) / seconds;
  speed.data_wait = std::clamp((waited_seconds - logged_waited_) / seconds, 0.0, 1.0);
  if (options_.matmul_speed > 0) speed.sol = speed.images_per_second * options_.flops_per_image / options_.matmul_speed;
  // The first line holds the start-up; the time left is judged by what came after it.
  if (logged_step_ >= options_.first_step) {
    timed_seconds_ += seconds;
    timed_steps_ += steps;
  }
  const double step_seconds =
      timed_steps_ > 0 ? timed_seconds_ / static_cast<double>(timed_steps_) : seconds / static_cast<double>(steps);
  speed.seconds_left = step_seconds * static_cast<double>(options_.last_step - step);
  logged_step_ = step;
  logged_active_ = active;
  logged_waited_ = waited_seconds;
  return speed;
}

void Progress::step(const StepRecord& record, double waited_seconds, std::int64_t bad_files) {
  const Speed speed = measure(record.step, waited_seconds);
  smooth_loss_ = 0.9 * smooth_loss_ + 0.1 * record.loss;
  smooth_weight_ = 0.9 * smooth_weight_ + 0.1;
  write_metrics(record, speed, bad_files);
  write_events(record, speed);
  say(line(record, speed, bad_files));
}

void Progress::write_metrics(const StepRecord& record, const Speed& speed, std::int64_t bad_files) {
  std::string out =
      str("{\"kind\":\"step\",\"step\":", record.step, ",\"epoch\":", number(record.epoch),
          ",\"loss\":", number(record.loss), ",\"lr\":", number(record.lr), ",\"grad_norm\":", number(record.grad_norm),
          ",\"images_per_second\":", number(speed.images_per_second), ",\"data_wait\":", number(speed.data_wait));
  for (const auto& [name, value] : record.loss_parts) out += str(",\"loss_", name, "\":", number(value));
  if (speed.sol > 0) out += str(",\"sol\":", number(speed.sol));
  if (record.loss_scale > 0) out += str(",\"loss_scale\":", number(record.loss_scale));
  if (record.skipped) out += ",\"skipped\":true";
  if (bad_files > 0) out += str(",\"bad_files\":", bad_files);
  folder_.metric(str(out, ",\"memory_bytes\":", peak_memory_bytes(options_.device), "}"));
}

void Progress::write_events(const StepRecord& record, const Speed& speed) {
  folder_.scalar("train/loss", record.step, record.loss);
  for (const auto& [name, value] : record.loss_parts) folder_.scalar("train/loss_" + name, record.step, value);
  folder_.scalar("train/lr", record.step, record.lr);
  folder_.scalar("train/grad_norm", record.step, record.grad_norm);
  folder_.scalar("train/images_per_second", record.step, speed.images_per_second);
  folder_.scalar("train/data_wait", record.step, speed.data_wait);
}

std::string Progress::line(const StepRecord& record, const Speed& speed, std::int64_t bad_files) const {
  const auto per_epoch = options_.steps_per_epoch;
  const std::int64_t epochs = (options_.last_step + per_epoch - 1) / per_epoch;
  std::string parts;
  for (const auto& [name, value] : record.loss_parts) parts += str(" ", name, " ", format("%.4f", value));
  return str("epoch ", (record.step - 1) / per_epoch + 1, "/", epochs, " it ", (record.step - 1) % per_epoch + 1, "/",
             per_epoch, " step ", record.step, "/", options_.last_step, " loss ", format("%.4f", record.loss), " (",
             format("%.4f", smooth_loss_ / smooth_weight_), ")", parts, " lr ", format("%.3e", record.lr), " gnorm ",
             format("%.3g", record.grad_norm), record.skipped ? " skipped" : "", " | ",
             format("%.4g", speed.images_per_second), " img/s",
             speed.sol > 0 ? str(" sol ", format("%.0f", 100 * speed.sol), "%") : "", " data ",
             format("%.1f", 100 * speed.data_wait), "% mem ",
             human_bytes(static_cast<double>(peak_memory_bytes(options_.device))),
             bad_files > 0 ? str(" bad ", bad_files) : "", " | eta ", human_seconds(speed.seconds_left));
}

void Progress::evaluation(const Evaluation& evaluation, std::int64_t step, double epoch) {
  std::string fields, words;
  for (const auto& [name, value] : evaluation.figures) {
    fields += str(",\"", name, "\":", number(value));
    words += str(" ", name, " ", format("%.4f", value));
    folder_.scalar(str(evaluation.suite, "/", name), step, value);
  }
  folder_.metric(str("{\"kind\":\"eval\",\"suite\":", json_quote(evaluation.suite), ",\"step\":", step,
                     ",\"epoch\":", number(epoch), fields, ",\"n\":", evaluation.n, "}"));
  say(str("eval ", evaluation.suite, " step ", step, words, " n ", evaluation.n));
}

void Progress::gradient_noise(std::int64_t step, double epoch, const GradientDraws& draws,
                              const std::vector<TensorGsnr>& tensors) {
  std::vector<std::string> names;
  for (const TensorGsnr& tensor : tensors) names.push_back(tensor.name);
  const auto figures_of = [&](const std::string& layer) {
    std::vector<const TensorGsnr*> of;
    for (const TensorGsnr& tensor : tensors)
      if (layer.empty() || layer_of(tensor.name) == layer) of.push_back(&tensor);
    return gsnr_figures(of, draws.samples);
  };
  std::string layers;
  for (const std::string& layer : layers_of(names)) {
    const GsnrFigures figures = figures_of(layer);
    layers += str(layers.empty() ? "" : ",", json_quote(layer), ":", gsnr_json(figures));
    folder_.scalar("gsnr/" + layer, step, figures.ratio);
  }
  const GsnrFigures all = figures_of("");
  folder_.metric(str("{\"kind\":\"gsnr\",\"step\":", step, ",\"epoch\":", number(epoch), ",\"samples\":", draws.samples,
                     ",\"batches\":", draws.batches, ",\"all\":", gsnr_json(all), ",\"layers\":{", layers, "}}"));
  say(str("gsnr step ", step, " R_l ", format("%.3g", all.ratio), " B_simple ", format("%.3g", all.noise_scale()),
          " (N ", draws.samples, ", K ", draws.batches, ")"));
}

void Progress::epoch(std::int64_t number_of_epoch, std::int64_t step, std::int64_t steps, double mean_loss) {
  folder_.metric(str("{\"kind\":\"epoch\",\"epoch\":", number_of_epoch, ",\"step\":", step, ",\"steps\":", steps,
                     ",\"loss\":", number(mean_loss), "}"));
}

void Progress::bar(std::int64_t step) {
  const auto now = Clock::now();
  if (!terminal_ || now - drawn_ < std::chrono::milliseconds(200)) return;
  drawn_ = now;
  constexpr int width = 40;
  const double share = static_cast<double>(step) / static_cast<double>(options_.last_step);
  const auto filled = static_cast<std::size_t>(share * width);
  std::fprintf(stderr, "\r\033[K[%s%s] %3.0f%% step %lld/%lld", std::string(filled, '=').c_str(),
               std::string(width - filled, ' ').c_str(), 100 * share, static_cast<long long>(step),
               static_cast<long long>(options_.last_step));
}

void Progress::say(const std::string& text) {
  if (terminal_) std::fputs("\r\033[K", stderr);
  log_info(text);
}

void Progress::finish() {
  if (terminal_) std::fputs("\r\033[K", stderr);
  log_flush();
}

}  // namespace luvit
