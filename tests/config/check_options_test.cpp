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

TEST(CheckOptim, RefusesWhatThisVersionLacks) {
  OptimOptions optim;
  EXPECT_EQ(keys_of(check_optim(optim)), "");
  optim.kind = OptimKind::lars;
  EXPECT_EQ(keys_of(check_optim(optim)), "optim.kind");
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
