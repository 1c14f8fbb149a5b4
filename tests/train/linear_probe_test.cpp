#include "luvit/train/linear_probe.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "luvit/core/random.h"
#include "luvit/models/initial_values.h"

namespace luvit {
namespace {

struct NoImages : Dataset {
  std::int64_t size() const override { return 64; }
  void read(std::int64_t, std::vector<std::uint8_t>&) const override { FAIL() << "no image is read"; }
  std::int64_t label(std::int64_t) const override { return 0; }
  std::string name(std::int64_t index) const override { return std::to_string(index); }
  const std::vector<std::string>& classes() const override { return names; }
  std::vector<std::string> names = {"a", "b", "c"};
};

FinetuneConfig probe_config() {
  FinetuneConfig config;
  config.task = FinetuneTask::linear_probe;
  config.model.image_size = 16;
  config.model.patch_size = 8;
  config.model.dim = 12;
  config.model.depth = 1;
  config.model.heads = 3;
  config.model.pool = Pool::cls;
  config.model.drop_path = 0;
  config.model.fusion.kind = FusionKind::none;
  config.model.classes = 3;
  config.train.batch_size = 6;
  config.train.precision = Precision::float32;
  return config;
}

at::Tensor made_up(at::IntArrayRef shape, std::uint64_t stream) {
  const at::Tensor values = at::empty(shape, at::kFloat);
  Random(1, 0, stream, Purpose::synthetic).fill_normal(values.mutable_data_ptr<float>(), values.numel(), 1.0F, 1.0F);
  return values;
}

class LinearProbeTest : public ::testing::Test {
 protected:
  LinearProbeTest() {
    initialise(task_.model(), config_.model, {});
    for (const NamedTensor& named : task_.model().named_tensors())
      *named.tensor = made_up(named.tensor->sizes(), std::hash<std::string>{}(named.name)) * 0.5;
    require_gradients(task_.model());
    NamedTensors nothing;
    task_.begin(nothing);
  }
  StepBatch batch(std::int64_t step) const {
    return {{{"images", made_up({6, 3, 16, 16}, static_cast<std::uint64_t>(step))},
             {"targets", at::softmax(made_up({6, 3}, 100), 1)},
             {"index", at::zeros({6}, at::kLong)}},
            6,
            step};
  }
  at::Tensor features(const StepBatch& batch) {
    const at::NoGradGuard no_gradients;
    const auto& model = static_cast<Classifier&>(task_.model());
    return model.pooled(batch["images"]);
  }
  Classifier& model() { return static_cast<Classifier&>(task_.model()); }
  at::Tensor state(const std::string& name) {
    for (const auto& [key, tensor] : task_.state())
      if (key == name) return tensor;
    return {};
  }
  FinetuneConfig config_ = probe_config();
  Team team_;
  LinearProbe task_{config_, {.team = team_, .train = std::make_shared<NoImages>(), .rows = 6}, {"a", "b", "c"}};
};

// torch's own operator is the peer.
TEST_F(LinearProbeTest, NormalisesAsBatchNorm1dDoes) {
  at::Tensor mean = at::zeros({12}), var = at::ones({12});
  for (const std::int64_t step : {1, 2, 3}) {
    const StepBatch b = batch(step);
    const at::Tensor normal =
        at::batch_norm(features(b), {}, {}, mean, var, /*training=*/true, /*momentum=*/0.1, /*eps=*/1e-6, false);
    const at::Tensor expected = soft_cross_entropy(model().head(normal), b["targets"]);
    EXPECT_NEAR(task_.loss(b, 0, 6).item<double>(), expected.item<double>(), 1e-5) << step;
  }
  EXPECT_TRUE(state("head.running_mean").allclose(mean, 1e-5, 1e-6));
  EXPECT_TRUE(state("head.running_var").allclose(var, 1e-5, 1e-6));
  const StepBatch seen = batch(9);
  const at::Tensor logits = model().head(at::batch_norm(features(seen), {}, {}, mean, var, false, 0.1, 1e-6, false));
  const auto folded = task_.evaluated_weights();
  EXPECT_TRUE(model()(seen["images"]).allclose(logits, 1e-4, 1e-4)) << "folded into the head";
}

TEST_F(LinearProbeTest, MicroBatchesShareTheWholeBatchsStatistics) {
  const StepBatch b = batch(1);
  const double whole = task_.loss(b, 0, 6).item<double>();
  const at::Tensor counted = state("head.running_mean").clone();
  const double parts = (task_.loss(b, 0, 4) * 4 + task_.loss(b, 4, 2) * 2).item<double>() / 6;
  EXPECT_NEAR(parts, whole, 1e-5);
  EXPECT_TRUE(state("head.running_mean").equal(counted)) << "a step is counted once";
}

TEST_F(LinearProbeTest, TrainsItsHeadAlone) {
  std::vector<std::string> names;
  for (const NamedTensor& named : task_.model().trained_tensors()) names.push_back(named.name);
  EXPECT_EQ(names, (std::vector<std::string>{"head.weight", "head.bias"}));
  task_.loss(batch(1), 0, 6).backward();
  EXPECT_TRUE(model().head.weight.grad().defined());
  EXPECT_FALSE(model().cls_token.grad().defined());
}

}  // namespace
}  // namespace luvit
