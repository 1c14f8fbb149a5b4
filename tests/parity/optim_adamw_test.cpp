#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "luvit/io/safetensors.h"
#include "luvit/optim/adamw.h"

namespace luvit {
namespace {

const char* const names[] = {"a", "b", "c", "d"};

// Four parameters in two groups, as scripts/fixtures/optim.py has them.
struct FourTensors : Module {
  FourTensors(const SafetensorsFile& fixture, at::ScalarType type) {
    for (int i = 0; i < 4; ++i) {
      const at::Tensor start = fixture.read(std::string("start.") + names[i]).to(type);
      add(names[i], tensors[i], start.sizes());
      tensors[i] = start.set_requires_grad(true);
    }
  }
  at::Tensor tensors[4];
};

std::vector<ParameterGroup> two_groups(Module& model) {
  const std::vector<NamedTensor> all = model.trained_tensors();
  return {{0.05, 1.0, {all[0], all[2]}}, {0.0, 0.75, {all[1], all[3]}}};
}

double difference(const at::Tensor& got, const at::Tensor& expected) {
  return ((got - expected).abs().max() / expected.abs().max()).item<double>();
}

// Largest relative difference from torch.optim.AdamW over ten steps.
double replay(at::ScalarType type, const std::string& prefix, double eps = 1e-8) {
  const SafetensorsFile fixture(LUVIT_SOURCE_DIR "/tests/parity/fixtures/optim_adamw.safetensors");
  FourTensors model(fixture, type);
  OptimOptions options;
  options.eps = eps;
  AdamW optimizer(two_groups(model), options);
  const at::Tensor rates = fixture.read("rates");
  double worst = 0;
  for (int step = 0; step < 10; ++step) {
    for (int i = 0; i < 4; ++i)
      model.tensors[i].mutable_grad() = fixture.read(std::string("gradient.") + names[i])[step].to(type);
    optimizer.step(rates[step].item<double>());
    for (int i = 0; i < 4; ++i) {
      const at::Tensor expected = fixture.read(prefix + ".step" + std::to_string(step + 1) + "." + names[i]);
      worst = std::max(worst, difference(model.tensors[i].detach(), expected));
    }
  }
  for (const auto& [name, tensor] : optimizer.state()) {
    const auto dot = name.find('.');
    if (name.substr(dot) == ".step") continue;
    worst = std::max(worst, difference(tensor, fixture.read(prefix + name.substr(dot) + "." + name.substr(0, dot))));
  }
  return worst;
}

TEST(AdamWParity, TenStepsInFloat64) {
  EXPECT_LE(replay(at::kDouble, "float64"), 1e-10);
}

TEST(AdamWParity, TenStepsInFloat32) {
  EXPECT_LE(replay(at::kFloat, "float32"), 1e-5);
}

TEST(AdamWParity, AnotherEpsIsSeen) {
  EXPECT_GT(replay(at::kDouble, "float64", 1e-6), 1e-10);
  EXPECT_GT(replay(at::kFloat, "float32", 1e-2), 1e-5);
}

}  // namespace
}  // namespace luvit
