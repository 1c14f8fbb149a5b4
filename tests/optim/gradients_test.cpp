#include "luvit/optim/gradients.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace luvit
