#include "luvit/train/step.h"

#include <ATen/ATen.h>

namespace luvit {

TrainingStep::TrainingStep(Task& task, RunOptimizer& optimizer, LossScale& scale, Ranks& ranks, Options options)
    : task_(task), optimizer_(optimizer), scale_(scale), ranks_(ranks), options_(options) {
  for (const auto& group : optimizer.groups())
    for (const auto& parameter : group.parameters) parameters_.push_back(*parameter.tensor);
  std::vector<at::Tensor> in_model_order;  // in which backward comes to them, reversed
  for (const auto& parameter : task.trained().trained_tensors()) in_model_order.push_back(*parameter.tensor);
  reduction_ = ranks.reduce_gradients(in_model_order, options.compression);
}

StepNumbers TrainingStep::operator()(const StepBatch& batch, double learning_rate, const RankNumbers& own,
                                     const std::function<void()>& before_backward) {
  const at::Tensor losses = accumulate(batch, /*reduce=*/true, before_backward);
  return update(tell_all(losses, own), learning_rate);
}

// [1 + parts]: the loss and its parts.
at::Tensor TrainingStep::accumulate(const StepBatch& batch, bool reduce, const std::function<void()>& before_backward) {
  // Nothing runs ahead of a CPU: the step before can be settled at once, and its gradients make room for activations.
  const bool at_once = parameters_.empty() || parameters_.front().is_cpu();
  const auto begin = [&] {
    before_backward();
    optimizer_.release_grad();
    if (options_.micro_batch < batch.rows) reduction_->begin_sum();
  };
  if (at_once) begin();
  at::Tensor losses;
  for (std::int64_t first = 0; first < batch.rows; first += options_.micro_batch) {
    const std::int64_t count = std::min(options_.micro_batch, batch.rows - first);
    const double share = static_cast<double>(count) / static_cast<double>(batch.rows);
    const at::Tensor own = task_.loss(batch, first, count).flatten() * share;
    if (first == 0 && !at_once) begin();
    if (reduce && first + count == batch.rows) reduction_->expect();
    scale_.scale(own[0]).backward();
    losses = first == 0 ? own.detach() : losses + own.detach();
  }
  return losses;
}

at::Tensor TrainingStep::tell_all(const at::Tensor& losses, const RankNumbers& own) {
  const at::NoGradGuard no_gradients;
  const std::int64_t parts = losses.numel() - 1;
  const at::Tensor numbers = at::empty({RankNumbers::count + parts}, losses.options().dtype(at::kFloat));
  numbers[0].copy_(losses[0]);
  numbers[1].copy_(any_non_finite({losses[0]}));
  numbers[2].fill_(own.stop);
  numbers[3].fill_(own.bad_files);
  numbers[4].fill_(own.seconds);
  numbers.narrow(0, RankNumbers::count, parts).copy_(losses.narrow(0, 1, parts));
  return ranks_.gather(numbers);
}

StepNumbers TrainingStep::update(const at::Tensor& of_ranks, double learning_rate) {
  const at::NoGradGuard no_gradients;
  const at::Tensor bad_loss = of_ranks.select(1, 1).amax();
  const at::Tensor overflow = scale_.unscale(parameters_);
  StepNumbers numbers{.of_ranks = of_ranks, .grad_norm = gradient_norm(parameters_)};
  numbers.bad_gradient = scale_.enabled() ? overflow : any_non_finite({numbers.grad_norm});
  if (options_.clip_grad) {
    // By a norm that is not finite every gradient would become NaN, and the report could not say where it began.
    // (0 in its place; fmax passes over the NaN of infinity times zero.)
    const at::Tensor norm = at::fmax(numbers.grad_norm * (1 - numbers.bad_gradient), at::zeros_like(numbers.grad_norm));
    clip_gradients(parameters_, *options_.clip_grad, norm);
  }
  optimizer_.step(learning_rate, at::maximum(bad_loss, numbers.bad_gradient));
  numbers.scale_used = scale_.enabled() ? scale_.value().clone() : at::zeros_like(numbers.bad_gradient);
  scale_.update(numbers.bad_gradient);
  numbers.scale_next = scale_.enabled() ? scale_.value().clone() : numbers.scale_used;
  return numbers;
}

GradientNoise TrainingStep::gradient_noise(const StepBatch& batch, std::int64_t micro_batch) {
  GradientNoise noise(task_.trained().trained_tensors());
  for (std::int64_t first = 0; first < batch.rows; first += micro_batch) {
    const std::int64_t count = std::min(micro_batch, batch.rows - first);
    optimizer_.release_grad();
    reduction_->begin_sum();  // into the buckets, which are there anyway
    scale_.scale(task_.loss(batch, first, count).flatten()[0]).backward();
    scale_.unscale(parameters_);
    noise.add(count);
  }
  optimizer_.release_grad();
  noise.merge([&](const at::Tensor& values) { ranks_.sum(values); });
  return noise;
}

bool TrainingStep::own_gradients_finite(const StepBatch& batch) {
  const at::Tensor loss = accumulate(batch, /*reduce=*/false, [] {})[0];
  const at::NoGradGuard no_gradients;
  scale_.unscale(parameters_);
  return any_non_finite({loss, gradient_norm(parameters_)}).item<float>() == 0;
}

}  // namespace luvit
