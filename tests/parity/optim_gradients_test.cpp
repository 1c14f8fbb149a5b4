#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "luvit/io/safetensors.h"
#include "luvit/optim/adamw.h"
#include "luvit/optim/gradients.h"

namespace luvit {
namespace {

const std::string fixtures = LUVIT_SOURCE_DIR "/tests/parity/fixtures/";

double difference(const at::Tensor& got, const at::Tensor& expected) {
  return ((got - expected).abs().max() / expected.abs().max()).item<double>();
}

// Largest relative difference from clip_grad_norm_'s gradients.
double clip_difference(const std::string& name, double max_norm_factor = 1.0) {
  const SafetensorsFile fixture(fixtures + "optim_clip.safetensors");
  std::vector<at::Tensor> parameters;
  for (const char* k : {"a", "b", "c", "d"}) {
    const at::Tensor gradient = fixture.read(std::string("gradient.") + k);
    parameters.push_back(at::zeros_like(gradient).set_requires_grad(true));
    parameters.back().mutable_grad() = gradient;
  }
  const at::Tensor norm = gradient_norm(parameters);
  EXPECT_LE(difference(norm, fixture.read(name + ".norm")), 1e-10);
  clip_gradients(parameters, max_norm_factor * fixture.read(name + ".max_norm").item<double>(), norm);
  double worst = 0;
  for (int i = 0; i < 4; ++i)
    worst = std::max(worst, difference(parameters[i].grad(), fixture.read(name + "." + std::string(1, char('a' + i)))));
  return worst;
}

TEST(ClipParity, EqualsClipGradNorm) {
  EXPECT_LE(clip_difference("hard"), 1e-10);
  EXPECT_LE(clip_difference("slack"), 1e-10);
}

TEST(ClipParity, AnotherNormIsSeen) {
  EXPECT_GT(clip_difference("hard", 1.01), 1e-3);
}

struct OneTensor : Module {
  OneTensor() {
    add("p", p, {3});
    p = at::tensor({1.0f, -2.0f, 3.0f}).set_requires_grad(true);
  }
  at::Tensor p;
};

// The first step at which the scale or the parameters are not GradScaler's, 0 if none. Its gradients were infinite at
// step 2 and 7 and NaN at step 3.
std::int64_t first_departure(std::int64_t infinite_step) {
  const SafetensorsFile fixture(fixtures + "optim_scaler.safetensors");
  const at::Tensor expected_scale = fixture.read("scale"), expected = fixture.read("parameters");
  OneTensor model;
  AdamW optimizer({{0.05, 1.0, model.trained_tensors()}}, OptimOptions{});
  LossScale scale(/*enabled=*/true);
  for (std::int64_t step = 1; step <= expected_scale.size(0); ++step) {
    optimizer.zero_grad();
    scale.scale((model.p * model.p).sum()).backward();
    if (step == infinite_step || step == 7) model.p.mutable_grad()[1] = std::numeric_limits<float>::infinity();
    if (step == 3) model.p.mutable_grad()[1] = std::numeric_limits<float>::quiet_NaN();
    const at::Tensor found_inf = scale.unscale({model.p});
    optimizer.step(1e-3, {}, found_inf);
    scale.update(found_inf);
    if (scale.value().item<double>() != expected_scale[step - 1].item<double>()) return step;
    if (step <= 10 && difference(model.p.detach(), expected[step - 1]) > 1e-5) return step;
  }
  return 0;
}

TEST(ScalerParity, ScaleAndParametersFollowGradScaler) {
  EXPECT_EQ(first_departure(2), 0);
  // The fixture has seen both rules, so equality above means something.
  const at::Tensor scale = SafetensorsFile(fixtures + "optim_scaler.safetensors").read("scale");
  EXPECT_EQ(scale.min().item<double>(), 8192);
  EXPECT_EQ(scale[-1].item<double>(), 16384);
}

TEST(ScalerParity, AnotherStepSkippedIsSeen) {
  EXPECT_EQ(first_departure(1), 1);
  EXPECT_EQ(first_departure(4), 2);
}

}  // namespace
}  // namespace luvit
