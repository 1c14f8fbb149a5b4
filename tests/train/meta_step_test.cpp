#include <gtest/gtest.h>

#include "luvit/models/initial_values.h"
#include "luvit/models/mae.h"
#include "luvit/train/shared_optimizer.h"
#include "luvit/train/step.h"

// The meta device computes shapes only, and whatever reads a value back from it throws: a step that runs there never
// waits for a GPU.

namespace luvit {
namespace {

class MetaPretraining : public Task {
 public:
  MetaPretraining(MaskedAutoencoder& model, bool reads_back) : model_(model), reads_back_(reads_back) {}
  Module& model() override { return model_; }
  Stage stage() const override { return Stage::pretraining; }
  std::int64_t steps_per_epoch() const override { return 1; }
  void start(std::int64_t, std::int64_t) override {}
  StepBatch next_batch() override { return {}; }
  double waited_seconds() const override { return 0; }
  at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) override {
    const ComputeType compute(at::kBFloat16);
    const at::Tensor images = batch.tensors[0].second.narrow(0, first, count);
    const at::Tensor noise = batch.tensors[1].second.narrow(0, first, count);
    const at::Tensor result = model_(images, noise).loss;
    if (reads_back_) (void)result.item<double>();
    return result;
  }
  std::optional<Evaluation> evaluate() override { return std::nullopt; }
  OpenedModel description() const override { return {}; }
  StepBatch stand_in_batch(std::int64_t) const override { return {}; }

 private:
  MaskedAutoencoder& model_;
  bool reads_back_;
};

StepNumbers meta_step(bool reads_back, bool float16) {
  const ModelOptions options;  // LUViT/B
  MaskedAutoencoder model(options, {});
  to_meta(model);
  require_gradients(model);
  const OptimOptions optim{.clip_grad = 1.0};
  const auto alone = one_rank();
  SharedOptimizer optimizer(*alone, parameter_groups(model, optim, Stage::pretraining, options.depth), optim, false);
  LossScale scale(float16);
  scale.to(at::kMeta);
  MetaPretraining task(model, reads_back);
  TrainingStep step(task, optimizer, scale, *alone, {.micro_batch = 4, .clip_grad = optim.clip_grad});
  const auto meta = at::TensorOptions(at::kFloat).device(at::kMeta);
  const StepBatch batch{{{"images", at::empty({8, 3, 224, 224}, meta)}, {"noise", at::empty({8, 196}, meta)}}, 8, 1};
  step(batch, 1e-4, {}, [] {});
  return step(batch, 1e-4, {}, [] {});
}

TEST(MetaStep, RunsWholeAtFullSizeWithoutReadingBack) {
  const StepNumbers numbers = meta_step(/*reads_back=*/false, /*float16=*/false);
  EXPECT_TRUE(numbers.of_ranks.is_meta());
  EXPECT_EQ(numbers.grad_norm.dim(), 0);
}

TEST(MetaStep, RunsWithLossScaling) {
  EXPECT_TRUE(meta_step(false, true).scale_next.is_meta());
}

TEST(MetaStep, APlantedReadBackIsFound) {
  EXPECT_ANY_THROW(meta_step(/*reads_back=*/true, false));
}

}  // namespace
}  // namespace luvit
