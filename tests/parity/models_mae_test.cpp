// Masked autoencoding against a reference built of timm's blocks, with and without the fusion (transformers, peft).
#include "luvit/models/mae.h"
#include "model_fixture.h"

namespace luvit {
namespace {

using MaeParity = BothTypes;
INSTANTIATE_TEST_SUITE_P(Types, MaeParity, testing::Values(at::kDouble, at::kFloat), type_name);

ModelOptions options(FusionKind fusion) {
  ModelOptions result;
  result.image_size = 16;
  result.patch_size = 4;
  result.dim = 16;
  result.depth = 2;
  result.heads = 2;
  result.decoder = {.dim = 8, .depth = 2, .heads = 2};
  result.fusion.kind = fusion;
  result.fusion.dim = 24;
  result.fusion.heads = 4;
  result.fusion.kv_heads = 2;
  result.fusion.hidden = 32;
  result.fusion.norm_eps = 1e-2;
  result.fusion.lora.rank = 3;
  result.fusion.lora.alpha = 7;
  return result;
}

void expect_parity(const ModelFixture& fixture, FusionKind fusion) {
  MaskedAutoencoder model(options(fusion), {});
  fixture.fill(model);
  const MaeOutput out = model(fixture["in.images"], fixture["in.noise"]);
  out.loss.backward();
  fixture.expect_equal("out.loss", out.loss);
  fixture.expect_equal("out.pred", out.pred);
  EXPECT_TRUE(at::equal(fixture["out.mask"], out.mask.to(fixture["out.mask"].scalar_type())));
  fixture.expect_gradients(model);
  fixture.expect_unlike_mistakes(out.loss);

  model.masking.norm_pix = false;
  fixture.expect_equal("out.loss_of_pixels", model(fixture["in.images"], fixture["in.noise"]).loss);
}

TEST_P(MaeParity, PlainEncoder) {
  expect_parity(ModelFixture("mae", GetParam()), FusionKind::none);
}
TEST_P(MaeParity, WithTheFusion) {
  expect_parity(ModelFixture("luvit", GetParam()), FusionKind::llama);
}

}  // namespace
}  // namespace luvit
