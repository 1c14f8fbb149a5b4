#include "luvit/models/costs.h"

#include <gtest/gtest.h>

#include "builders.h"

namespace luvit {
namespace {

ModelOptions row(FusionKind kind) {
  ModelOptions options;
  options.fusion.kind = kind;
  options.fusion.bias = kind == FusionKind::mlp;
  return options;
}

std::string trained_millions(const ModelOptions& options) {
  Classifier model(options);
  std::ostringstream text;
  text.precision(2);
  text << std::fixed << static_cast<double>(count_parameters(model).trained) / 1e6;
  return text.str();
}

// Table 3 of the paper prints 86.8, 92.9 and 93.1; its rows are these.
TEST(Parameters, RowsOfThePapersTable) {
  EXPECT_EQ(trained_millions(row(FusionKind::none)), "86.57");  // (c)

  ModelOptions mlp = row(FusionKind::mlp);
  mlp.fusion.hidden = 4096;
  EXPECT_EQ(trained_millions(mlp), "92.86");  // (d)
  mlp.fusion.hidden = 4267;
  EXPECT_EQ(trained_millions(mlp), "93.13");  // (f)

  ModelOptions llama = row(FusionKind::llama);
  EXPECT_EQ(trained_millions(llama), "93.12");  // (h)
  llama.fusion.lora.rank = 0;
  EXPECT_EQ(trained_millions(llama), "92.86");  // (e)
}

TEST(Parameters, AreCountedByRole) {
  MaskedAutoencoder luvit(row(FusionKind::llama), {});
  const ParameterCounts counts = count_parameters(luvit);
  EXPECT_EQ(counts.frozen, 202383360);
  EXPECT_EQ(counts.lora, 262144);
  const std::int64_t positions = 197 * (768 + 512);
  EXPECT_EQ(counts.total, counts.trained + counts.frozen + positions);
}

// Against sums made by hand: a token costs a ViT-B block 12·768² multiply-adds, LLaMA's linears 202.4 M.
TEST(Flops, AgreeWithSumsByHand) {
  const double encoder = 50 * 12 * 12 * 768.0 * 768 + 12 * 2 * 50 * 50 * 768.0 + 49 * 768.0 * 768;
  const double decoder = 197 * 8 * 12 * 512.0 * 512 + 8 * 2 * 197 * 197 * 512.0 + 50 * 768.0 * 512 + 197 * 512.0 * 768;
  EXPECT_DOUBLE_EQ(pretraining_forward_flops(row(FusionKind::none), {}, 1), 2 * (encoder + decoder));

  const double frozen = 50 * (4 * 4096.0 * 4096 + 3 * 4096.0 * 11008);
  const double trained = 50 * (2 * 768.0 * 4096 + 2 * 16 * 2 * 4096.0) + 2 * 50 * 50 * 4096.0;
  const double with = pretraining_forward_flops(row(FusionKind::llama), {}, 1);
  EXPECT_NEAR(with, 2 * (encoder + decoder + frozen + trained), 1);
  const double extra =
      pretraining_step_flops(row(FusionKind::llama), {}, 1) - pretraining_step_flops(row(FusionKind::none), {}, 1);
  EXPECT_NEAR(extra, 2 * (2 * frozen + 3 * trained), 1);

  const double classifier = 197 * 12 * 12 * 768.0 * 768 + 12 * 2 * 197 * 197 * 768.0 + 196 * 768.0 * 768 + 768.0 * 1000;
  EXPECT_DOUBLE_EQ(classifier_forward_flops(row(FusionKind::none), 1), 2 * classifier);
}

// The mean is taken before the block's last matrix, so that one and L2 see one token; the class token alone is fed
// forward. A norm after the block lets no mean pass.
TEST(Flops, OfAClassifierLeaveOutWhatPoolingDoes) {
  const double plain = classifier_forward_flops(row(FusionKind::none), 1), wide = 4096.0 * 11008, io = 768.0 * 4096;
  const auto extra = [&](Pool pool, FinalNorm norm) {
    ModelOptions options = row(FusionKind::llama);
    options.pool = pool;
    options.fusion.final_norm = norm;
    return classifier_forward_flops(options, 1) - plain;
  };
  const double common = 197 * (4 * 4096.0 * 4096 + 2 * 16 * 2 * 4096.0) + 2 * 197 * 197 * 4096.0 + 197 * io;
  EXPECT_NEAR(extra(Pool::mean, FinalNorm::none), 2 * (common + 197 * 2 * wide + wide + io), 1);
  EXPECT_NEAR(extra(Pool::cls, FinalNorm::unit), 2 * (common + 3 * wide + io), 1);
  EXPECT_NEAR(extra(Pool::mean, FinalNorm::unit), 2 * (common + 197 * (3 * wide + io)), 1);
}

// q, k and v of 768 values a token instead of 4096, and for all images of a pass once 768·4096·4096 for each of the
// three.
TEST(Flops, OfManyTokensAreFoldedOnes) {
  ModelOptions folded = row(FusionKind::llama), plain = folded;
  plain.fusion.fold = false;
  const double square = 4096.0 * 4096, narrow = 768.0 * 4096, lora = 16 * 2 * 4096.0, images = 128;
  const double before = 197 * (3 * square + 2 * lora),
               after = 3 * 197 * narrow + 768 * (3 * square + 2 * lora) / images;
  EXPECT_NEAR(classifier_forward_flops(plain, 128) - classifier_forward_flops(folded, 128), 2 * (before - after), 1);
  const double step_before = 197 * (2 * 3 * square + 3 * 2 * lora),
               step_after = 3 * 3 * 197 * narrow + 768 * (2 * 3 * square + 3 * 2 * lora) / images;
  EXPECT_NEAR(classifier_step_flops(plain, 128) - classifier_step_flops(folded, 128), 2 * (step_before - step_after),
              1);
  EXPECT_EQ(classifier_step_flops(plain, 5), classifier_step_flops(folded, 5));
  EXPECT_GT(pretraining_step_flops(plain, {}, 128), pretraining_step_flops(folded, {}, 128));
}

// Dropout of LoRA is drawn for what folding does without, in training alone.
TEST(Flops, OfLoraDropoutAreNotFoldedInAStep) {
  ModelOptions drops = row(FusionKind::llama), plain = drops;
  drops.fusion.lora.dropout = 0.1;
  plain.fusion.fold = false;
  EXPECT_EQ(classifier_step_flops(drops, 128), classifier_step_flops(plain, 128));
  EXPECT_LT(classifier_forward_flops(drops, 128), classifier_forward_flops(plain, 128));
  drops.fusion.lora.targets = {"o"};
  EXPECT_LT(classifier_step_flops(drops, 128), classifier_step_flops(plain, 128));
}

TEST(Flops, OfAPathBesideAClassifierFuseEveryToken) {
  ModelOptions unpooled = row(FusionKind::llama);
  unpooled.fusion.final_norm = FinalNorm::unit;
  unpooled.pool = Pool::mean;
  const double with = classifier_step_flops(unpooled, 8), without = classifier_step_flops(row(FusionKind::none), 8);
  EXPECT_NEAR(fusion_step_flops(row(FusionKind::llama), 8), with - without, 1);
  EXPECT_EQ(fusion_step_flops(row(FusionKind::none), 8), 0);
}

TEST(ActivationBytes, GrowWithTheTypeAndTheFusion) {
  const double plain = pretraining_activation_bytes(row(FusionKind::none), {}, Precision::bfloat16);
  const double fused = pretraining_activation_bytes(row(FusionKind::llama), {}, Precision::bfloat16);
  EXPECT_GT(fused, plain);
  EXPECT_GT(pretraining_activation_bytes(row(FusionKind::llama), {}, Precision::float32), fused);
}

}  // namespace
}  // namespace luvit
