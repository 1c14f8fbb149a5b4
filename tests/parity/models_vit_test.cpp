// The vision transformer against timm's.
#include "luvit/models/classifier.h"
#include "model_fixture.h"

namespace luvit {
namespace {

using VitParity = BothTypes;
INSTANTIATE_TEST_SUITE_P(Types, VitParity, testing::Values(at::kDouble, at::kFloat), type_name);

ModelOptions options(Pool pool) {
  ModelOptions result;
  result.image_size = 16;
  result.patch_size = 4;
  result.dim = 16;
  result.depth = 2;
  result.heads = 2;
  result.classes = 5;
  result.pool = pool;
  result.fusion.kind = FusionKind::none;
  return result;
}

TEST_P(VitParity, BlockIsTimms) {
  const ModelFixture fixture("vit_block", GetParam());
  Block block(/*dim=*/16, /*heads=*/2, /*mlp_ratio=*/4.0);
  fixture.fill(block);
  const at::Tensor x = fixture.input("in.x");
  const at::Tensor y = block(x);
  (y * fixture["in.cotangent"]).sum().backward();
  EXPECT_EQ(y.sizes(), x.sizes());
  fixture.expect_equal("out.y", y);
  fixture.expect_equal("grad.in.x", x.grad());
  fixture.expect_gradients(block);
  fixture.expect_unlike_mistakes(y);
}

class Whole : public testing::TestWithParam<std::tuple<at::ScalarType, Pool>> {};
INSTANTIATE_TEST_SUITE_P(Pools, Whole,
                         testing::Combine(testing::Values(at::kDouble, at::kFloat),
                                          testing::Values(Pool::mean, Pool::cls)));

TEST_P(Whole, ClassifierIsTimms) {
  const auto [type, pool] = GetParam();
  const ModelFixture fixture(pool == Pool::mean ? "vit_mean" : "vit_cls", type);
  Classifier model(options(pool));
  fixture.fill(model);
  const at::Tensor images = fixture.input("in.x");
  const at::Tensor logits = model(images);
  (logits * fixture["in.cotangent"]).sum().backward();
  EXPECT_EQ(logits.sizes(), (std::vector<std::int64_t>{images.size(0), 5}));
  fixture.expect_equal("out.y", logits);
  fixture.expect_equal("out.features", model.features(images));
  fixture.expect_equal("grad.in.x", images.grad());
  fixture.expect_gradients(model);
  fixture.expect_unlike_mistakes(logits);
}

}  // namespace
}  // namespace luvit
