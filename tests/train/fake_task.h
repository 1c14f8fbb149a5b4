#pragma once
#include <ATen/ATen.h>

#include "luvit/train/loop.h"

namespace luvit {

struct OneWeight : Module {
  OneWeight() {
    add("weight", weight, {4});
    add("other", other, {2});
    weight = at::ones({4}).set_requires_grad(true);
    other = at::ones({2}).set_requires_grad(true);
  }
  at::Tensor weight, other;
};

// A loss whose gradient, or itself, is not finite at chosen steps.
class FakeTask : public Task {
 public:
  enum class At { nothing, gradient, loss };
  explicit FakeTask(std::function<At(std::int64_t)> bad) : bad_(std::move(bad)) {}
  Module& model() override { return model_; }
  Stage stage() const override { return Stage::pretraining; }
  std::int64_t steps_per_epoch() const override { return 4; }
  void start(std::int64_t first, std::int64_t) override { step_ = first; }
  StepBatch next_batch() override { return {{{"index", at::arange(2)}}, 2, step_++}; }
  double waited_seconds() const override { return 0; }
  at::Tensor loss(const StepBatch& batch, std::int64_t, std::int64_t) override {
    const at::Tensor plain = model_.weight.square().sum() + model_.other.sum();
    switch (bad_(batch.step)) {
      case At::nothing:
        return plain;
      case At::gradient:  // 0, but its derivative is infinite
        return plain + (model_.weight - model_.weight.detach()).sqrt().sum();
      case At::loss:
        return plain / 0.0;
    }
    return plain;
  }
  std::optional<Evaluation> evaluate() override { return std::nullopt; }
  OpenedModel description() const override { return {}; }
  StepBatch stand_in_batch(std::int64_t) const override { return {}; }
  OneWeight model_;

 private:
  std::function<At(std::int64_t)> bad_;
  std::int64_t step_ = 1;
};

}  // namespace luvit
