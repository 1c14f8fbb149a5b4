#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace luvit {

enum class Schedule { cosine, step };

// Defaults: MAE's pretraining recipe (paper §4).
struct OptimOptions {
  std::optional<double> lr;   // the rate itself, or
  double base_lr = 1.5e-4;    // × batch_size / 256
  std::vector<double> betas = {0.9, 0.95};
  double eps = 1e-8;
  double weight_decay = 0.05;
  double warmup_epochs = 40;
  double min_lr = 0;
  double layer_decay = 1.0;
  std::optional<double> clip_grad;
  Schedule schedule = Schedule::cosine;
  double peak_lr(std::int64_t batch_size) const;
};

// MAE's util/lr_sched.py on the fractional epoch x = (step − 1)/steps an epoch: linear from 0 over the warm-up,
// then half a cosine to min_lr at `epochs`.
double learning_rate(const OptimOptions& options, double peak, double x, double epochs);

}  // namespace luvit
