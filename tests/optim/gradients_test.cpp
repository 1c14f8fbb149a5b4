#include "luvit/optim/gradients.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "../../src/optim/loss_scale_update.h"

namespace luvit {
namespace {

std::vector<at::Tensor> parameters_with_gradients(std::vector<at::Tensor> gradients) {
  std::vector<at::Tensor> parameters;
  for (at::Tensor& gradient : gradients) {
    parameters.push_back(at::zeros_like(gradient).set_requires_grad(true));
    parameters.back().mutable_grad() = gradient;
  }
  return parameters;
}

TEST(Gradients, NormRunsOverAllTensorsThatHaveAGradient) {
  auto parameters = parameters_with_gradients({at::full({2, 2}, 2.0f), at::full({9}, 1.0f)});
  parameters.push_back(at::zeros({3}).set_requires_grad(true));
  EXPECT_FLOAT_EQ(gradient_norm(parameters).item<float>(), 5.0f);
  EXPECT_EQ(gradient_norm({}).item<float>(), 0.0f);
}

TEST(Gradients, ClippingScalesOnlyWhatIsTooLong) {
  auto parameters = parameters_with_gradients({at::full({25}, 1.0f)});
  clip_gradients(parameters, 10.0, gradient_norm(parameters));
  EXPECT_FLOAT_EQ(gradient_norm(parameters).item<float>(), 5.0f);
  clip_gradients(parameters, 1.0, gradient_norm(parameters));
  EXPECT_NEAR(gradient_norm(parameters).item<float>(), 1.0f, 1e-5);
}

TEST(Gradients, OneBadScalarIsFound) {
  const at::Tensor fine = at::ones({}), infinite = at::full({}, INFINITY), nan = at::full({}, NAN);
  EXPECT_EQ(any_non_finite({fine, fine}).item<float>(), 0);
  EXPECT_EQ(any_non_finite({fine, infinite}).item<float>(), 1);
  EXPECT_EQ(any_non_finite({nan, fine}).item<float>(), 1);
}

TEST(LossScale, DisabledHandsThrough) {
  LossScale scale(/*enabled=*/false);
  const at::Tensor loss = at::full({}, 3.0f);
  EXPECT_TRUE(scale.scale(loss).is_same(loss));
  auto parameters = parameters_with_gradients({at::ones({2})});
  EXPECT_FALSE(scale.unscale(parameters).defined());
  EXPECT_EQ(parameters[0].grad().sum().item<float>(), 2);
}

TEST(LossScale, UnscalesHalvesAndGrows) {
  LossScale scale(/*enabled=*/true, 8.0);
  auto parameters = parameters_with_gradients({at::full({2}, 16.0f)});
  at::Tensor found = scale.unscale(parameters);
  EXPECT_EQ(found.item<float>(), 0);
  EXPECT_EQ(parameters[0].grad()[0].item<float>(), 2);
  parameters[0].mutable_grad()[1] = INFINITY;
  found = scale.unscale(parameters);
  EXPECT_EQ(found.item<float>(), 1);
  scale.update(found);
  EXPECT_EQ(scale.value().item<float>(), 4);
  scale.load(4, 1999);
  scale.update(at::zeros({}));
  EXPECT_EQ(scale.value().item<float>(), 8);
  EXPECT_EQ(scale.growth().item<int>(), 0);
}

TEST(LossScale, AllOfItRunsOnTheMetaDevice) {
  LossScale scale(/*enabled=*/true);
  scale.to(at::kMeta);
  auto parameters = parameters_with_gradients({at::ones({2}, at::kMeta), at::ones({3, 2}, at::kMeta)});
  scale.scale(at::zeros({}, at::kMeta));
  const at::Tensor found = scale.unscale(parameters);
  const at::Tensor norm = gradient_norm(parameters);
  clip_gradients(parameters, 1.0, norm);
  scale.update(found);
  EXPECT_TRUE(any_non_finite({norm}).is_meta());
}

TEST(LossScale, PlainTwinAgreesWithAtensOperators) {
  for (const float bad : {1.0F, INFINITY, NAN}) {
    std::vector<at::Tensor> a = {at::full({3}, 2.0F), at::full({2, 2}, bad)}, b = {a[0].clone(), a[1].clone()};
    at::Tensor found_a = at::zeros({}), found_b = at::zeros({});
    unscale_by_aten(a, found_a, at::full({}, 0.25F));
    unscale_plain(b, found_b, at::full({}, 0.25F));
    EXPECT_TRUE(at::equal(found_a, found_b)) << bad;
    EXPECT_TRUE(at::equal(a[0], b[0]));
  }
  for (const int growth : {0, 1998, 1999}) {
    for (const float found : {0.0F, 1.0F}) {
      at::Tensor scale_a = at::full({}, 8.0F), scale_b = scale_a.clone();
      at::Tensor growth_a = at::full({}, growth, at::kInt), growth_b = growth_a.clone();
      update_scale_by_aten(scale_a, growth_a, at::full({}, found));
      update_scale_plain(scale_b, growth_b, at::full({}, found));
      EXPECT_TRUE(at::equal(scale_a, scale_b)) << growth << ' ' << found;
      EXPECT_TRUE(at::equal(growth_a, growth_b)) << growth << ' ' << found;
    }
  }
}

}  // namespace
}  // namespace luvit
