#include "luvit/models/distillation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "luvit/io/safetensors.h"
#include "luvit/models/classifier.h"

// Against scripts/fixtures/distillation.py: torch's losses and gradients.

namespace luvit {
namespace {

class DistillationParity : public ::testing::Test {
 protected:
  // Losses are float32; parameters and inputs float64 here.
  static constexpr double tolerance = 2e-6;
  at::Tensor read(const std::string& name) const { return file_.read(name); }
  at::Tensor input(const std::string& name) const { return read(name).set_requires_grad(true); }
  double distance(const at::Tensor& ours, const std::string& name) const {
    const at::Tensor theirs = read(name);
    if (ours.sizes() != theirs.sizes()) return INFINITY;
    return ((ours.detach() - theirs).abs().max() / theirs.abs().max()).item<double>();
  }
  void expect_equal(const at::Tensor& ours, const std::string& name) const {
    ASSERT_TRUE(ours.defined()) << name;
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
  SafetensorsFile file_{LUVIT_SOURCE_DIR "/tests/parity/fixtures/distillation.safetensors"};
};

TEST_F(DistillationParity, TokensAreComparedAsTorchDoes) {
  const std::pair<const char*, FeatureLoss> losses[] = {
      {"smooth_l1", FeatureLoss::smooth_l1}, {"mse", FeatureLoss::mse}, {"cosine", FeatureLoss::cosine}};
  for (const auto& [name, loss] : losses)
    for (const TargetNorm norm : {TargetNorm::ln, TargetNorm::none})
      for (const bool cls : {true, false}) {
        FeatureMatch match(6, 9, {.loss = loss, .target_norm = norm, .include_cls = cls});
        match.projector->weight = input("weight");
        match.projector->bias = input("bias");
        const at::Tensor student = input("student"), teacher = input("teacher");
        const at::Tensor result = match(student, teacher);
        result.backward();
        const std::string key =
            std::string("match.") + name + (norm == TargetNorm::ln ? ".ln." : ".none.") + (cls ? "cls." : "patches.");
        expect_equal(result, key + "loss");
        expect_equal(student.grad(), key + "student");
        expect_equal(match.projector->weight.grad(), key + "weight");
        expect_equal(match.projector->bias.grad(), key + "bias");
        EXPECT_FALSE(teacher.grad().defined()) << "a teacher learns nothing";
        if (loss == FeatureLoss::smooth_l1 && norm == TargetNorm::ln && !cls) expect_unlike(result, "match.wrong.");
      }
}

TEST_F(DistillationParity, LogitsAreComparedAsTorchDoes) {
  const at::Tensor student = input("kd.student"), teacher = input("kd.teacher");
  const at::Tensor result = logit_divergence(student, teacher, 4);
  result.backward();
  expect_equal(result, "kd.loss");
  expect_equal(student.grad(), "kd.grad");
  expect_unlike(result, "kd.wrong.");
  EXPECT_FALSE(teacher.grad().defined());
}

TEST_F(DistillationParity, AnAuxiliaryPathReachesTheTokensThroughTheBlockOnly) {
  ModelOptions options;
  options.image_size = 16;
  options.patch_size = 8;
  options.dim = 6;
  options.depth = 1;
  options.heads = 1;
  options.classes = 4;
  options.pos_embed = PosEmbed::learned;
  options.fusion.kind = FusionKind::mlp;
  options.fusion.hidden = 10;
  options.fusion.bias = true;
  AuxiliaryPath path(options);
  for (const NamedTensor& named : path.named_tensors()) {
    const bool fused = named.name.starts_with("fusion.");
    *named.tensor = input("aux.param." + (fused ? named.name.substr(7) : named.name));
  }
  LayerNorm own_norm(6);
  Linear own_head(6, 4);
  own_norm.weight = input("aux.param.own_norm.weight");
  own_norm.bias = input("aux.param.own_norm.bias");
  own_head.weight = input("aux.param.own_head.weight");
  own_head.bias = input("aux.param.own_head.bias");

  const at::Tensor tokens = input("aux.tokens"), targets = read("aux.targets");
  const at::Tensor own = soft_cross_entropy(own_head(own_norm(tokens.slice(1, 1).mean(1))), targets);
  const at::Tensor fused = path.fused(tokens);
  const at::Tensor aux = soft_cross_entropy(path.logits(fused), targets);
  const at::Tensor unlike = path.dissimilarity(tokens, fused);
  expect_equal(own, "aux.ce");
  expect_equal(aux, "aux.ce_aux");
  expect_equal(unlike.to(at::kDouble), "aux.unlike");
  (own + 0.5 * aux + 0.3 * unlike).backward();
  expect_equal(tokens.grad(), "aux.grad");
  expect_unlike(tokens.grad(), "aux.wrong.");
  for (const NamedTensor& named : path.named_tensors()) {
    const bool inside = named.name.starts_with("fusion.");
    expect_equal(named.tensor->grad(), "aux.grad." + (inside ? named.name.substr(7) : named.name));
  }
}

}  // namespace
}  // namespace luvit
