#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "luvit/io/safetensors.h"
#include "luvit/models/classifier.h"
#include "luvit/models/initial_values.h"
#include "luvit/optim/lars.h"
#include "luvit/train/weight_average.h"
#include "luvit/weights/transfer.h"

// Against scripts/fixtures/finetune.py: timm, torch and the rules of MAE's repository.

namespace luvit {
namespace {

class FinetuneParity : public ::testing::Test {
 protected:
  at::Tensor read(const std::string& name) const { return file_.read(name); }
  // Largest difference over the largest value.
  double distance(const at::Tensor& ours, const std::string& name) const {
    const at::Tensor theirs = read(name);
    if (ours.sizes() != theirs.sizes()) return INFINITY;
    return ((ours.detach() - theirs).abs().max() / theirs.abs().max()).item<double>();
  }
  void expect_equal(const at::Tensor& ours, const std::string& name, double tolerance = 1e-12) const {
    EXPECT_LE(distance(ours, name), tolerance) << name;
  }
  void expect_unlike(const at::Tensor& ours, const std::string& prefix) const {
    int seen = 0;
    for (const TensorInfo& info : file_.tensors())
      if (info.name.starts_with(prefix)) {
        EXPECT_GT(distance(ours, info.name), 1e-3) << info.name;
        ++seen;
      }
    EXPECT_GT(seen, 0);
  }
  SafetensorsFile file_{LUVIT_SOURCE_DIR "/tests/parity/fixtures/finetune.safetensors"};
};

TEST_F(FinetuneParity, StochasticDepthAndSoftTargetsAreTimms) {
  ModelOptions options;
  options.image_size = 16;
  options.patch_size = 8;
  options.dim = 12;
  options.depth = 3;
  options.heads = 3;
  options.classes = 7;
  options.drop_path = 0.5;
  options.fusion.kind = FusionKind::none;
  Classifier model(options);
  for (const NamedTensor& named : model.named_tensors())
    *named.tensor = read("vit.param." + named.name).set_requires_grad(true);
  const at::Tensor logits = model(read("vit.images"), read("vit.drop_path"));
  expect_equal(logits, "vit.logits");
  expect_unlike(logits, "vit.wrong.");
  const at::Tensor log_probabilities = at::log_softmax(logits, 1);
  const at::Tensor loss = -(read("vit.targets") * log_probabilities).sum() / logits.size(0);
  expect_equal(loss, "vit.loss");
  EXPECT_LE(distance(soft_cross_entropy(logits, read("vit.targets")).to(at::kDouble), "vit.loss"), 1e-6)
      << "in float32";
  loss.backward();
  for (const NamedTensor& named : model.named_tensors())
    expect_equal(named.tensor->grad(), "vit.grad." + named.name, 1e-10);
}

TEST_F(FinetuneParity, PositionsAreResizedAsMaes) {
  const at::Tensor ours = resize_positions(read("positions.old"), 36);
  expect_equal(ours, "positions.new");
  expect_unlike(ours, "positions.wrong.");
}

struct Weights : Module {
  explicit Weights(const std::vector<std::pair<std::string, at::Tensor>>& values) : tensors(values.size()) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      add(values[i].first, tensors[i], values[i].second.sizes());
      tensors[i] = values[i].second.clone().set_requires_grad(true);
    }
  }
  std::vector<at::Tensor> tensors;
};

TEST_F(FinetuneParity, LarsTakesMaesSteps) {
  const std::vector<std::string> names = {"weight", "bias", "zero"};
  std::vector<std::pair<std::string, at::Tensor>> start;
  for (const auto& name : names) start.emplace_back(name, read("lars.start." + name));
  Weights model(start);
  OptimOptions options;
  options.weight_decay = 0.1;
  Lars lars(parameter_groups(model, options, Stage::pretraining, 1));
  const std::vector<double> rates = {0.0, 0.5, 2.0, 2.0, 1.0};
  for (std::size_t step = 0; step < rates.size(); ++step) {
    for (std::size_t i = 0; i < names.size(); ++i)
      model.tensors[i].mutable_grad() = read("lars.gradient." + names[i])[static_cast<std::int64_t>(step)];
    lars.step(rates[step], at::zeros({}));
    for (std::size_t i = 0; i < names.size(); ++i)
      if (step > 0 || names[i] != "zero")
        expect_equal(model.tensors[i], "lars.step" + std::to_string(step + 1) + "." + names[i]);
  }
  const at::Tensor before = model.tensors[0].detach().clone();
  model.tensors[0].mutable_grad() = at::full({5, 4}, NAN, at::kDouble);
  lars.step(1.0, at::ones({}));
  EXPECT_TRUE(model.tensors[0].equal(before)) << "a step that was not finite is left out";
  EXPECT_TRUE(lars.state()[0].second.isfinite().all().item<bool>());
}

TEST_F(FinetuneParity, TheAverageOfTheWeightsIsTimms) {
  Weights model({{"weight", read("ema.start")}});
  NamedTensors nothing;
  WeightAverage average(model, 0.8, nothing);
  for (std::int64_t step = 0; step < 5; ++step) {
    {
      const at::NoGradGuard no_gradients;
      model.tensors[0].copy_(read("ema.walk")[step]);
    }
    average.update();
    const auto shown = average.in_model();
    expect_equal(model.tensors[0], "ema.step" + std::to_string(step + 1));
  }
  EXPECT_TRUE(model.tensors[0].equal(read("ema.walk")[4])) << "what trains is back in its place";
}

}  // namespace
}  // namespace luvit
