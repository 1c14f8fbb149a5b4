#include "config_files.h"

namespace luvit {
namespace {

std::string keys_of(const std::vector<Problem>& problems) {
  std::string keys;
  for (const auto& problem : problems) keys += (keys.empty() ? "" : " ") + problem.key;
  return keys;
}

TEST(CheckModel, TheDefaultsAreSound) {
  EXPECT_EQ(keys_of(check_model(ModelOptions())), "");
  EXPECT_TRUE(check_masking(MaskingOptions(), 196).empty());
  EXPECT_TRUE(check_crop(CropOptions()).empty());
}

TEST(CheckModel, FindsEverythingAtOnce) {
  ModelOptions m;
  m.patch_size = 15;
  m.heads = 5;
  m.dim = 770;
  m.decoder.heads = 7;
  m.decoder.dim = 510;
  m.fusion.heads = 31;
  m.fusion.kv_heads = 2;
  m.fusion.lora.targets = {"q", "x", "q"};
  EXPECT_EQ(keys_of(check_model(m)),
            "model.patch_size model.dim model.decoder.heads model.decoder.dim model.fusion.heads model.fusion.kv_heads "
            "model.fusion.lora.targets model.fusion.lora.targets");
}

TEST(CheckModel, WhatTheWeightsSayIsNoContradiction) {
  ModelOptions m;
  m.fusion.dim = 1024;
  m.fusion.heads = m.fusion.kv_heads = 3;
  EXPECT_EQ(keys_of(check_model(m)), "model.fusion.heads");
  m.fusion.head_dim = 128;  // Qwen3: heads times head_dim is not dim
  EXPECT_EQ(keys_of(check_model(m)), "");
}

TEST(CheckModel, OnlyTheFusionInUseIsAsked) {
  ModelOptions m;
  m.fusion.heads = 31;
  m.fusion.kind = FusionKind::mlp;
  EXPECT_EQ(keys_of(check_model(m)), "");
  m.pos_embed = PosEmbed::learned;
  m.dim = m.heads = 6;
  EXPECT_EQ(keys_of(check_model(m)), "");
}

TEST(CheckModel, Lora) {
  ModelOptions m;
  m.fusion.lora.targets = {};
  EXPECT_EQ(keys_of(check_model(m)), "model.fusion.lora.targets");
  m.fusion.lora.rank = 0;
  EXPECT_EQ(keys_of(check_model(m)), "");
  m.fusion.lora.weights = "adapter";
  EXPECT_EQ(keys_of(check_model(m)), "model.fusion.lora.weights");
}

TEST(CheckModel, FinalNormNeedsWeights) {
  ModelOptions m;
  m.fusion.final_norm = FinalNorm::pretrained;
  m.fusion.weights = "random";
  EXPECT_EQ(keys_of(check_model(m)), "model.fusion.final_norm");
}

TEST(CheckMasking, SomethingMustBeHidden) {
  MaskingOptions masking;
  masking.mask_ratio = 0.01;
  EXPECT_TRUE(check_masking(masking, 196).empty());
  EXPECT_EQ(keys_of(check_masking(masking, 1)), "mae.mask_ratio");
}

TEST(CheckCrop, SmallestBeforeLargest) {
  CropOptions crop;
  crop.crop_scale = {1, 0.2};
  EXPECT_EQ(keys_of(check_crop(crop)), "augment.crop_scale");
}

TEST(CheckMixing, ARankHoldsWholeGroups) {
  const MixOptions mixing;
  EXPECT_TRUE(check_mixing(mixing, 1024, 32).empty());
  EXPECT_TRUE(check_mixing(mixing, 12, 1).empty());  // the batch is the group
  EXPECT_EQ(keys_of(check_mixing(mixing, 1024, 64)), "augment.mix_group");
  EXPECT_EQ(keys_of(check_mixing(mixing, 100, 1)), "augment.mix_group");
  EXPECT_EQ(keys_of(check_mixing(mixing, 12, 2)), "augment.mix_group");
  EXPECT_TRUE(check_mixing({0, 0, 32}, 12, 2).empty());
  EXPECT_EQ(keys_of(check_mixing({0.8, 0, 1}, 12, 1)), "augment.mix_group");  // mixed with itself
  EXPECT_TRUE(check_mixing({0, 0, 1}, 12, 1).empty());
}

TEST(DeclareAugment, HasTheKeysOfFineTuningAndTheirDefaults) {
  AugmentOptions augment;
  Schema schema;
  declare_augment(schema, augment);
  const std::string printed = print_config(schema);
  for (const char* line : {"crop_scale: [0.08, 1]", "flip: 0.5", "ops: 2", "magnitude: 9", "std: 0.5",
                           "random_erase: 0.25", "mixup: 0.8", "cutmix: 1", "label_smoothing: 0.1", "mix_group: 32"})
    EXPECT_NE(printed.find(line), std::string::npos) << line << " in\n" << printed;
  read_config(schema, "", {"augment.rand_augment.ops=0", "augment.mixup=0", "augment.mix_group=8"});
  EXPECT_EQ(augment.rand_augment.ops, 0);
  EXPECT_EQ(augment.mix.mixup, 0);
  EXPECT_EQ(augment.mix.group, 8);
  for (const char* wrong : {"augment.rand_augment.magnitude=11", "augment.random_erase=1.5", "augment.cutmix=-1",
                            "augment.label_smoothing=1", "augment.mix_group=0"})
    EXPECT_THROW(read_config(schema, "", {wrong}), UsageError) << wrong;
}

TEST(RequireKeys, NamesTheNearestKey) {
  Config c;
  EXPECT_NO_THROW(require_keys(c.schema, "--allow-change", {"optim.lr", "model.fusion.lora.rank"}));
  try {
    require_keys(c.schema, "--allow-change", {"optim.lr", "train.sed", "optim", "a\nb"});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_EQ(error.lines(), (std::vector<std::string>{
                                 "--allow-change: `train.sed` is no key; did you mean `train.seed`?",
                                 "--allow-change: `optim` is a section; name each key",
                                 "--allow-change: `a\\x0ab` is no key",
                             }));
  }
}

}  // namespace
}  // namespace luvit
