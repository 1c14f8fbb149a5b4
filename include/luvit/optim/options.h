#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace luvit {

enum class OptimKind { adamw, lars };
enum class Schedule { cosine, step };

// Defaults: MAE's pretraining recipe (paper §4).
struct OptimOptions {
  OptimKind kind = OptimKind::adamw;
  std::optional<double> lr;  // the rate itself, or
  double base_lr = 1.5e-4;   // × batch_size / 256
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

// The rate at the fractional epoch x = (step − 1) / steps an epoch of a run of `epochs`: linear from 0 over the
// warm-up, then
//   cosine  half a cosine from `peak` to min_lr at the end (MAE's util/lr_sched.py);
//   step    `peak`, × 0.1 from 8/9 of the run on and × 0.01 from 26/27 on (ViTDet: iterations 163,889 and 177,546
//           of 184,375), never below min_lr.
double learning_rate(const OptimOptions& options, double peak, double x, double epochs);

}  // namespace luvit
