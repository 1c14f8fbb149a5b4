#include "luvit/models/initial_values.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "builders.h"

namespace luvit {
namespace {

void expect_same_start(Module& a, Module& b) {
  std::size_t shared = 0;
  for (const NamedTensor& named : a.named_tensors()) {
    const Tensor other = tensor_named(b, named.name);
    if (!other.defined() || named.name.starts_with("fusion.")) continue;
    EXPECT_TRUE(at::equal(*named.tensor, other)) << named.name;
    ++shared;
  }
  EXPECT_GT(shared, 20U);
}

TEST(InitialValues, ArmsStartEqualWhereTheyShareAPart) {
  const ModelOptions llama = small_options(FusionKind::llama), mlp = small_options(FusionKind::mlp),
                     none = small_options(FusionKind::none);
  MaskedAutoencoder a(llama, {}), b(mlp, {}), c(none, {});
  start(a, llama);
  start(b, mlp);
  start(c, none);
  expect_same_start(c, a);
  expect_same_start(c, b);

  Classifier classifier(none);
  start(classifier, none);
  EXPECT_TRUE(at::equal(classifier.blocks[1]->mlp.fc2.weight, c.blocks[1]->mlp.fc2.weight));
}

TEST(InitialValues, AreAFunctionOfTheSeed) {
  const ModelOptions options = small_options();
  MaskedAutoencoder a(options, {}), b(options, {}), other(options, {});
  start(a, options, 7);
  start(b, options, 7);
  start(other, options, 8);
  EXPECT_TRUE(at::equal(a.decoder_embed.weight, b.decoder_embed.weight));
  EXPECT_FALSE(at::equal(a.decoder_embed.weight, other.decoder_embed.weight));
}

TEST(InitialValues, DoNotDependOnTheNumberOfThreads) {
  ModelOptions options = small_options(FusionKind::mlp);
  options.fusion.hidden = 40000;  // 640,000 values: three pieces
  Classifier a(options), b(options);
  const int threads = at::get_num_threads();
  start(a, options);
  at::set_num_threads(threads == 1 ? 2 : 1);
  start(b, options);
  at::set_num_threads(threads);
  const Tensor first = tensor_named(a, "fusion.fc1.weight"), second = tensor_named(b, "fusion.fc1.weight");
  EXPECT_TRUE(at::equal(first, second));
  EXPECT_FALSE(at::equal(first.flatten().narrow(0, 0, 100), first.flatten().narrow(0, 1 << 18, 100)));
}

TEST(InitialValues, FollowTheContract) {
  ModelOptions options;  // LUViT/B's encoder without a block; wide enough for statistics
  options.depth = 1;
  options.fusion.dim = 256;
  options.fusion.heads = 4;
  options.fusion.kv_heads = 4;
  options.fusion.hidden = 512;
  options.fusion.qkv_bias = true;
  Classifier model(options);
  start(model, options);
  const auto deviation = [&](const char* name) { return tensor_named(model, name).std().item<double>(); };
  const auto largest = [&](const char* name) { return tensor_named(model, name).abs().max().item<double>(); };
  const auto xavier = [](double in, double out) { return std::sqrt(6.0 / (in + out)); };

  EXPECT_NEAR(largest("blocks.0.attn.qkv.weight"), xavier(768, 2304), 1e-5);
  EXPECT_NEAR(deviation("blocks.0.attn.qkv.weight"), xavier(768, 2304) / std::sqrt(3.0), 1e-4);
  EXPECT_NEAR(largest("patch_embed.proj.weight"), xavier(768, 768), 1e-5);
  EXPECT_NEAR(largest("fusion.proj_in.weight"), xavier(768, 256), 1e-5);
  EXPECT_NEAR(largest("fusion.block.self_attn.q_proj.lora_A.weight"), 1.0 / 16.0, 1e-4);
  EXPECT_EQ(largest("fusion.block.self_attn.q_proj.lora_B.weight"), 0.0);
  EXPECT_NEAR(deviation("fusion.block.mlp.up_proj.weight"), 0.02, 2e-4);
  EXPECT_NEAR(deviation("cls_token"), 0.02, 2e-3);
  EXPECT_NEAR(deviation("head.weight"), 2e-5, 1e-7);
  for (const NamedTensor& named : model.named_tensors()) {
    const std::string& name = named.name;
    if (name.ends_with("bias")) {
      EXPECT_EQ(named.tensor->abs().max().item<double>(), 0.0) << name;
    } else if (name.find("norm") != std::string::npos) {
      EXPECT_TRUE(at::equal(*named.tensor, at::ones_like(*named.tensor))) << name;
    }
  }
}

TEST(InitialValues, FrozenTensorsTakeTheirTypeOrAreLeftAlone) {
  const ModelOptions options = small_options();
  Classifier model(options);
  initialise(model, options, {.frozen_type = at::kBFloat16});
  const char* name = "fusion.block.mlp.up_proj.weight";
  Classifier exact(options);
  initialise(exact, options, {.frozen_type = at::kFloat});
  EXPECT_EQ(tensor_named(model, name).scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(tensor_named(model, name), tensor_named(exact, name).to(at::kBFloat16)));
  EXPECT_EQ(tensor_named(model, "fusion.proj_in.weight").scalar_type(), at::kFloat);

  Classifier waiting(options);
  initialise(waiting, options, {.skip_frozen = true});
  EXPECT_TRUE(tensor_named(waiting, "fusion.block.mlp.up_proj.weight").is_meta());
  EXPECT_FALSE(tensor_named(waiting, "fusion.proj_in.weight").is_meta());
}

TEST(InitialValues, GradientsAreWantedForTrainedTensorsOnly) {
  ModelOptions options = small_options();
  MaskedAutoencoder pretraining(options, {});
  start(pretraining, options);
  EXPECT_FALSE(pretraining.pos_embed.requires_grad());
  EXPECT_FALSE(tensor_named(pretraining, "fusion.block.self_attn.q_proj.weight").requires_grad());
  EXPECT_TRUE(tensor_named(pretraining, "fusion.block.self_attn.q_proj.lora_A.weight").requires_grad());

  Classifier classifier(options);
  start(classifier, options);
  EXPECT_TRUE(classifier.pos_embed.requires_grad());
  EXPECT_TRUE(at::equal(classifier.pos_embed, pretraining.pos_embed));

  options.pos_embed = PosEmbed::learned;
  MaskedAutoencoder learned(options, {});
  start(learned, options);
  EXPECT_TRUE(learned.pos_embed.requires_grad());
  EXPECT_FALSE(learned.decoder_pos_embed.requires_grad());
  EXPECT_FALSE(at::equal(learned.pos_embed, pretraining.pos_embed));
  EXPECT_TRUE(at::equal(learned.decoder_pos_embed, pretraining.decoder_pos_embed));
}

}  // namespace
}  // namespace luvit
