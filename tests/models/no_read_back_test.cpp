// A training step at LUViT/B's size on the meta device: it has shapes but no values, so whatever would wait for a
// value (item, nonzero, a mask as an index, a copy to the host) fails here, without a GPU.
#include <gtest/gtest.h>

#include "builders.h"

namespace luvit {
namespace {

const at::TensorOptions on_meta = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);

void step(const std::function<void(const Tensor& loss)>& planted = {}) {
  const ModelOptions options;
  MaskedAutoencoder model(options, {});
  to_meta(model);
  model.train(true);
  const Tensor images = at::empty({4, 3, 224, 224}, on_meta), noise = at::empty({4, 196}, on_meta);
  const ComputeType scope(at::kBFloat16);
  const MaeOutput out = model(images, noise);
  if (planted) planted(out.loss);
  out.loss.backward();
  EXPECT_EQ(out.pred.sizes(), at::IntArrayRef({4, 196, 768}));
  for (const NamedTensor& named : model.trained_tensors()) {
    ASSERT_TRUE(named.tensor->grad().defined()) << named.name;
    EXPECT_EQ(named.tensor->grad().sizes(), named.tensor->sizes()) << named.name;
    EXPECT_EQ(named.tensor->grad().scalar_type(), at::kFloat) << named.name;
  }
}

TEST(NoReadBack, PretrainingStepNeedsNoValue) {
  step();
}

TEST(NoReadBack, APlantedReadBackIsCaught) {
  EXPECT_ANY_THROW(step([](const Tensor& loss) { loss.item<float>(); }));
  EXPECT_ANY_THROW(step([](const Tensor& loss) { loss.isnan().nonzero(); }));
}

TEST(NoReadBack, ClassifierStepNeedsNoValue) {
  ModelOptions options;
  options.drop_path = 0.1;
  Classifier model(options);
  to_meta(model);
  const ComputeType scope(at::kBFloat16);
  const Tensor logits = model(at::empty({2, 3, 224, 224}, on_meta), at::empty({12, 2, 2}, on_meta));
  logits.sum().backward();
  EXPECT_EQ(logits.sizes(), at::IntArrayRef({2, 1000}));
  EXPECT_TRUE(tensor_named(model, "pos_embed").grad().defined());
}

}  // namespace
}  // namespace luvit
