#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "../distributed/rank_processes.h"
#include "../models/builders.h"
#include "luvit/distributed/team.h"
#include "luvit/io/safetensors.h"
#include "luvit/train/shared_optimizer.h"
#include "luvit/train/step.h"
#include "meta_memory.h"
#include "temporary_folder.h"

// Gradient noise measured during training: it changes nothing, does not depend on the ranks, and its memory.

namespace luvit {
namespace {

using test::require;

constexpr std::int64_t rows = 16;

// Masked autoencoding of images that are a function of their place.
class SmallPretraining : public Task {
 public:
  SmallPretraining(const ModelOptions& options, at::Device device) : model_(options, {}) {
    if (device.is_meta()) {
      to_meta(model_);
      require_gradients(model_);
    } else {
      initialise(model_, options, {.seed = 1});
      require_gradients(model_);
    }
  }
  Module& model() override { return model_; }
  Stage stage() const override { return Stage::pretraining; }
  std::int64_t steps_per_epoch() const override { return 1; }
  void start(std::int64_t, std::int64_t) override {}
  StepBatch next_batch() override { return {}; }
  double waited_seconds() const override { return 0; }
  at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) override {
    return model_.loss(batch["images"].narrow(0, first, count), batch["noise"].narrow(0, first, count));
  }
  std::optional<Evaluation> evaluate() override { return std::nullopt; }
  OpenedModel description() const override { return {}; }
  StepBatch stand_in_batch(std::int64_t) const override { return {}; }

 private:
  MaskedAutoencoder model_;
};

StepBatch batch_of(std::int64_t first, std::int64_t count) {
  return {{{"images", varied({rows, 3, 16, 16}).narrow(0, first, count).contiguous()},
           {"noise", varied({rows, 16}, 0.3).narrow(0, first, count).contiguous()}},
          count,
          1};
}

struct Trained {
  explicit Trained(Ranks& ranks, at::Device device = at::kCPU, const ModelOptions& options = small_options())
      : task(options, device),
        optimizer(ranks, parameter_groups(task.model(), optim, Stage::pretraining, options.depth), optim, false),
        scale(false),
        step(task, optimizer, scale, ranks, {.micro_batch = 4}) {
    scale.to(device);
    task.model().train(true);
  }
  OptimOptions optim;
  SmallPretraining task;
  SharedOptimizer optimizer;
  LossScale scale;
  TrainingStep step;
};

std::vector<at::Tensor> weights_of(Module& model) {
  std::vector<at::Tensor> values;
  for (const NamedTensor& named : model.trained_tensors()) values.push_back(named.tensor->detach().clone());
  return values;
}

bool same(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!at::equal(a[i], b[i])) return false;
  return a.size() == b.size();
}

TEST(StepNoise, LeavesTheStepAsItIs) {
  const auto alone = one_rank();
  Trained plain(*alone), watched(*alone), other(*alone);
  plain.step(batch_of(0, rows), 1e-3, {}, [] {});
  (void)watched.step.gradient_noise(batch_of(0, rows), 2);
  watched.step(batch_of(0, rows), 1e-3, {}, [] {});
  EXPECT_TRUE(same(weights_of(plain.task.model()), weights_of(watched.task.model())));
  other.step(batch_of(0, rows), 2e-3, {}, [] {});
  EXPECT_FALSE(same(weights_of(plain.task.model()), weights_of(other.task.model()))) << "steps would not differ at all";
}

TEST(StepNoise, ItsMeanIsTheStepsGradient) {
  const auto alone = one_rank();
  Trained trained(*alone);
  GradientNoise noise = trained.step.gradient_noise(batch_of(0, rows), 2);
  EXPECT_EQ(noise.draws().samples, rows);
  EXPECT_EQ(noise.draws().batches, 8);
  double signal = 0;
  for (const TensorGsnr& tensor : noise.finish()) signal += tensor.signal;
  const StepNumbers numbers = trained.step(batch_of(0, rows), 0, {}, [] {});
  const double norm = numbers.grad_norm.item<double>();
  EXPECT_NEAR(signal, norm * norm, 1e-4 * norm * norm);  // but for the key biases, whose gradient is nothing
}

// Written by rank 0 for the test to compare.
void measure_and_tell(const Place& place) {
  Team team("test", place, at::kCPU, std::chrono::seconds(60));
  Trained trained(team.ranks());
  const std::int64_t count = rows / team.size();
  GradientNoise noise = trained.step.gradient_noise(batch_of(count * team.rank(), count), 2);
  require(noise.draws().samples == rows && noise.draws().batches == 8, "not all draws are there");
  const std::vector<TensorGsnr> tensors = noise.finish();
  if (team.leads()) {
    NamedTensors out;
    for (const TensorGsnr& tensor : tensors) {
      out.emplace_back(tensor.name, at::tensor(tensor.r));
      out.emplace_back(tensor.name + " sums", at::tensor({tensor.signal, tensor.variance}));
    }
    write_safetensors(std::getenv("LUVIT_TEST_FILE"), out, {});
  }
  // And the step goes on as ever, with buckets that were used in between.
  trained.step(batch_of(count * team.rank(), count), 1e-3, {}, [] {});
  team.ranks().wait_for_all();
}
RANKS_DO(ranks_measure_noise) {
  measure_and_tell(place);
}

TEST(StepNoise, OfTwoRanksIsThatOfOne) {
  const TemporaryFolder folder;
  const std::string one = (folder.path() / "1").string(), two = (folder.path() / "2").string();
  EXPECT_TRUE(test::ranks_hold(1, "ranks_measure_noise", {{"LUVIT_TEST_FILE", one}}));
  EXPECT_TRUE(test::ranks_hold(2, "ranks_measure_noise", {{"LUVIT_TEST_FILE", two}}));
  const SafetensorsFile a(one), b(two);
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (const TensorInfo& info : a.tensors()) {
    const at::Tensor x = a.read(info.name).to(at::kDouble), y = b.read(info.name).to(at::kDouble);
    ASSERT_EQ(x.sizes(), y.sizes()) << info.name;
    if (x.numel() == 0) continue;
    EXPECT_LT(((x - y).abs() / (x.abs() + 1.0 / rows)).max().item<double>(), 1e-4) << info.name;
  }
}

// At full size on the meta device: two float32 a parameter beside the gradient, which a step has anyway.
TEST(StepNoise, HoldsThreeFloat32AParameter) {
  const MetaMemory memory;
  const auto alone = one_rank();
  const ModelOptions options;  // LUViT/B
  Trained trained(*alone, at::kMeta, options);
  std::int64_t parameters = 0;
  for (const NamedTensor& named : trained.task.model().trained_tensors()) parameters += named.tensor->numel();

  const std::int64_t before = memory.live();
  GradientNoise noise(trained.task.model().trained_tensors());
  for (const NamedTensor& named : trained.task.model().trained_tensors())
    named.tensor->mutable_grad() = at::empty_like(*named.tensor, at::TensorOptions().requires_grad(false));
  memory.restart_peak();
  noise.add(1);
  EXPECT_LE(memory.peak() - before, 3 * 4 * parameters);
  EXPECT_GE(memory.peak() - before, 3 * 4 * parameters - 4096) << "the meter does not see them";
}

}  // namespace
}  // namespace luvit
