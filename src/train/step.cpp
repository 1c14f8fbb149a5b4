#include "luvit/train/step.h"

namespace luvit {

TrainingStep::TrainingStep(Task& task, AdamW& optimizer, LossScale& scale, std::int64_t micro_batch,
                           std::optional<double> clip_grad)
    : task_(task), optimizer_(optimizer), scale_(scale), micro_batch_(micro_batch), clip_grad_(clip_grad) {
  for (const auto& group : optimizer.groups())
    for (const auto& parameter : group.parameters) parameters_.push_back(*parameter.tensor);
}

StepNumbers TrainingStep::operator()(const StepBatch& batch, double learning_rate,
                                     const std::function<void()>& before_backward) {
  return update(accumulate(batch, before_backward), learning_rate);
}

at::Tensor TrainingStep::accumulate(const StepBatch& batch, const std::function<void()>& before_backward) {
  // Nothing runs ahead of a CPU: the step before can be settled at once, and its gradients make room for activations.
  const bool at_once = parameters_.empty() || parameters_.front().is_cpu();
  const auto begin = [&] {
    before_backward();
    optimizer_.release_grad();
  };
  if (at_once) begin();
  at::Tensor loss;
  for (std::int64_t first = 0; first < batch.rows; first += micro_batch_) {
    const std::int64_t count = std::min(micro_batch_, batch.rows - first);
    const double share = static_cast<double>(count) / static_cast<double>(batch.rows);
    const at::Tensor part = task_.loss(batch, first, count) * share;
    if (first == 0 && !at_once) begin();
    scale_.scale(part).backward();
    loss = first == 0 ? part.detach() : loss + part.detach();
  }
  return loss;
}

StepNumbers TrainingStep::update(const at::Tensor& loss, double learning_rate) {
  const at::NoGradGuard no_gradients;
  const at::Tensor overflow = scale_.unscale(parameters_);
  StepNumbers numbers{.loss = loss, .grad_norm = gradient_norm(parameters_), .bad_loss = any_non_finite({loss})};
  numbers.bad_gradient = scale_.enabled() ? overflow : any_non_finite({numbers.grad_norm});
  if (clip_grad_) {
    // By a norm that is not finite every gradient would become NaN, and the report could not say where it began.
    // (0 in its place; fmax passes over the NaN of infinity times zero.)
    const at::Tensor norm = at::fmax(numbers.grad_norm * (1 - numbers.bad_gradient), at::zeros_like(numbers.grad_norm));
    clip_gradients(parameters_, *clip_grad_, norm);
  }
  optimizer_.step(learning_rate, /*grad_scale=*/{}, at::maximum(numbers.bad_loss, numbers.bad_gradient));
  numbers.scale_used = scale_.enabled() ? scale_.value().clone() : at::zeros_like(numbers.bad_loss);
  scale_.update(numbers.bad_gradient);
  numbers.scale_next = scale_.enabled() ? scale_.value().clone() : numbers.scale_used;
  return numbers;
}

}  // namespace luvit
