#include "luvit/models/mae.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "luvit/core/error.h"

namespace luvit {
namespace {

TEST(Masking, KeepsTheSmallestInStableOrder) {
  const Tensor noise = at::tensor({0.5F, 0.1F, 0.5F, 0.1F, 0.9F, 0.5F}).reshape({1, 6});
  const Masking masking = random_masking(noise, 3);
  EXPECT_TRUE(at::equal(masking.keep, at::tensor({1, 3, 0}, at::kLong).reshape({1, 3})));
  EXPECT_TRUE(at::equal(masking.restore, at::tensor({2, 0, 3, 1, 5, 4}, at::kLong).reshape({1, 6})));
  EXPECT_TRUE(at::equal(masking.mask, at::tensor({0.0F, 0.0F, 1.0F, 0.0F, 1.0F, 1.0F}).reshape({1, 6})));
}

TEST(Masking, KeptPatchesAreCountedInDouble) {
  EXPECT_EQ(kept_patches(196, 0.75), 49);
  EXPECT_EQ(kept_patches(10, 0.9), 1);  // 10·(1 − 0.9) is 0.99…98 in double
  EXPECT_EQ(kept_patches(10, 0.99), 1);
  EXPECT_EQ(kept_patches(100, 0.9), static_cast<std::int64_t>(100 * (1.0 - 0.9)));
}

TEST(Masking, NothingMaskedIsRefused) {
  EXPECT_THROW(MaskedAutoencoder(small_options(), {.mask_ratio = 0.0}), UsageError);
}

TEST(Patches, ChannelIsFastestAndTheWayBackIsExact) {
  const Tensor images = varied({2, 3, 8, 8});
  const Tensor patches = patchify(images, 4);
  EXPECT_EQ(patches[1][2][3 * 5 + 1].item<float>(), images[1][1][4 + 1][1].item<float>());  // pixel (1,1), green
  EXPECT_TRUE(at::equal(unpatchify(patches, 4), images));
}

TEST(Positions, FirstHalfIsTheColumn) {
  const Tensor positions = sincos_positions(/*dim=*/8, /*grid=*/3)[0];
  EXPECT_EQ(positions[0].abs().max().item<float>(), 0.0F);
  const Tensor at_row_2_column_1 = positions[1 + 2 * 3 + 1];
  EXPECT_FLOAT_EQ(at_row_2_column_1[0].item<float>(), std::sin(1.0F));
  EXPECT_FLOAT_EQ(at_row_2_column_1[1].item<float>(), std::sin(0.01F));
  EXPECT_FLOAT_EQ(at_row_2_column_1[2].item<float>(), std::cos(1.0F));
  EXPECT_FLOAT_EQ(at_row_2_column_1[4].item<float>(), std::sin(2.0F));
}

// The encoder sees kept patches only, so pixels of masked ones reach the loss but not the prediction.
TEST(MaskedAutoencoder, PredictionDoesNotSeeMaskedPatches) {
  const ModelOptions options = small_options();
  MaskedAutoencoder model(options, {});
  start(model, options);
  const Tensor noise = varied({1, 16}, 1), images = varied({1, 3, 16, 16});
  const MaeOutput before = model(images, noise);
  const auto hidden = before.mask[0].argmax().item<std::int64_t>();
  const auto seen = before.mask[0].argmin().item<std::int64_t>();
  const auto changed_at = [&](std::int64_t patch) {
    Tensor patches = patchify(images, 4).clone();
    patches.select(1, patch).mul_(0.5).add_(varied({48}, 3));
    return model(unpatchify(patches, 4), noise);
  };
  EXPECT_TRUE(at::equal(changed_at(hidden).pred, before.pred));
  EXPECT_GT(largest_difference(changed_at(hidden).loss, before.loss), 1e-6);
  EXPECT_GT(largest_difference(changed_at(seen).pred, before.pred), 1e-6);
}

TEST(MaskedAutoencoder, NamesComeInTheirNaturalOrder) {
  const ModelOptions options = small_options();
  MaskedAutoencoder model(options, {});
  std::vector<std::string> names;
  for (const NamedTensor& named : model.named_tensors()) names.push_back(named.name);
  EXPECT_EQ(names[0], "cls_token");
  EXPECT_EQ(names[1], "pos_embed");
  EXPECT_EQ(names[2], "patch_embed.proj.weight");
  EXPECT_EQ(names[4], "blocks.0.norm1.weight");
  EXPECT_EQ(names.back(), "decoder_pred.bias");
  const auto place = [&](const char* name) { return std::find(names.begin(), names.end(), name) - names.begin(); };
  EXPECT_EQ(place("mask_token"), place("decoder_embed.bias") + 1);
  EXPECT_EQ(place("fusion.block.self_attn.q_proj.lora_A.weight"), place("fusion.block.self_attn.q_proj.weight") + 1);
  EXPECT_LT(place("fusion.proj_out.weight"), place("norm.weight"));
}

TEST(MaskedAutoencoder, Bfloat16StaysNearFloat32) {
  const ModelOptions options = small_options();
  MaskedAutoencoder model(options, {});
  start(model, options);
  const Tensor images = varied({4, 3, 16, 16}), noise = varied({4, 16}, 1);
  const MaeOutput exact = model(images, noise);
  exact.loss.backward();
  const Tensor gradient = model.decoder_embed.weight.grad().clone();
  model.decoder_embed.weight.mutable_grad().zero_();
  const ComputeType scope(at::kBFloat16);
  const MaeOutput rounded = model(images, noise);
  EXPECT_EQ(rounded.loss.scalar_type(), at::kFloat);
  EXPECT_EQ(rounded.pred.scalar_type(), at::kBFloat16);
  EXPECT_NEAR(rounded.loss.item<double>() / exact.loss.item<double>(), 1.0, 2e-3);
  rounded.loss.backward();
  EXPECT_EQ(model.decoder_embed.weight.grad().scalar_type(), at::kFloat);
  EXPECT_LT(largest_difference(model.decoder_embed.weight.grad(), gradient),
            0.05 * gradient.abs().max().item<double>());
}

// The loss and all gradients of one way to compute it.
std::vector<Tensor> loss_and_gradients(MaskedAutoencoder& model, const std::function<Tensor()>& loss) {
  std::vector<Tensor> all = {loss()};
  all[0].backward();
  for (const NamedTensor& named : model.trained_tensors()) {
    all.push_back(named.tensor->grad().clone());
    named.tensor->mutable_grad().reset();
  }
  return all;
}

TEST(MaskedAutoencoder, LossAloneIsThePicturesLoss) {
  for (const std::int64_t decoder_depth : {1, 3}) {
    ModelOptions options = small_options();
    options.decoder.depth = decoder_depth;
    MaskedAutoencoder model(options, MaskingOptions{});
    start(model, options);
    for (const NamedTensor& named : model.named_tensors()) *named.tensor = named.tensor->detach().to(at::kDouble);
    require_gradients(model);
    const Tensor images = varied({3, 3, 16, 16}).to(at::kDouble), noise = at::frac(varied({3, 16}) * 100).abs();
    const auto expected = loss_and_gradients(model, [&] { return model(images, noise).loss; });
    const auto got = loss_and_gradients(model, [&] { return model.loss(images, noise); });
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_LE(largest_difference(got[i], expected[i]), 1e-12) << i;
  }
}

}  // namespace
}  // namespace luvit
