#include <algorithm>
#include <cmath>

#include "luvit/optim/options.h"

namespace luvit {
namespace {

double cosine(double peak, double min_lr, double progress) {
  constexpr double pi = 3.14159265358979323846;
  return min_lr + (peak - min_lr) * 0.5 * (1 + std::cos(pi * progress));
}

double stepped(double peak, double min_lr, double share_of_run) {
  double factor = 1;
  if (share_of_run >= 8.0 / 9) factor = 0.1;
  if (share_of_run >= 26.0 / 27) factor = 0.01;
  return std::max(peak * factor, min_lr);
}

}  // namespace

double OptimOptions::peak_lr(std::int64_t batch_size) const {
  return lr ? *lr : base_lr * static_cast<double>(batch_size) / 256;
}

double learning_rate(const OptimOptions& options, double peak, double x, double epochs) {
  if (x < options.warmup_epochs) return peak * x / options.warmup_epochs;
  if (options.schedule == Schedule::step) return stepped(peak, options.min_lr, x / epochs);
  return cosine(peak, options.min_lr, (x - options.warmup_epochs) / (epochs - options.warmup_epochs));
}

}  // namespace luvit
