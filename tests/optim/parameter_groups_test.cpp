#include "luvit/optim/parameter_groups.h"

#include <gtest/gtest.h>

namespace luvit {
namespace {

struct Names : Module {
  Names() {
    add("cls_token", t[0], {1, 1, 8});
    add("pos_embed", t[1], {1, 5, 8}, Role::fixed);
    add("patch_embed.proj.weight", t[2], {8, 3, 2, 2});
    add("blocks.0.attn.qkv.weight", t[3], {24, 8});
    add("blocks.11.norm1.weight", t[4], {8});
    add("fusion.block.self_attn.q_proj.weight", t[5], {8, 8}, Role::frozen);
    add("fusion.block.self_attn.q_proj.lora_A.weight", t[6], {2, 8});
    add("head.bias", t[7], {4});
    add("odd.bias", t[8], {2, 2});
  }
  at::Tensor t[9];
};

const ParameterGroup& group_of(const std::vector<ParameterGroup>& groups, const std::string& name) {
  for (const ParameterGroup& group : groups)
    for (const NamedTensor& parameter : group.parameters)
      if (parameter.name == name) return group;
  throw std::runtime_error(name + " is in no group");
}

TEST(ParameterGroups, LayerScalesCountFromTheHead) {
  Names model;
  OptimOptions options;
  options.layer_decay = 0.5;
  const auto groups = parameter_groups(model, options, Stage::fine_tuning, 12);
  EXPECT_DOUBLE_EQ(group_of(groups, "cls_token").lr_scale, std::pow(0.5, 13));
  EXPECT_DOUBLE_EQ(group_of(groups, "patch_embed.proj.weight").lr_scale, std::pow(0.5, 13));
  EXPECT_DOUBLE_EQ(group_of(groups, "blocks.0.attn.qkv.weight").lr_scale, std::pow(0.5, 12));
  EXPECT_DOUBLE_EQ(group_of(groups, "blocks.11.norm1.weight").lr_scale, 0.5);
  EXPECT_DOUBLE_EQ(group_of(groups, "fusion.block.self_attn.q_proj.lora_A.weight").lr_scale, 1.0);
  EXPECT_DOUBLE_EQ(group_of(groups, "head.bias").lr_scale, 1.0);
}

TEST(ParameterGroups, DecayGoesByDimensionsNamesAndStage) {
  Names model;
  OptimOptions options;
  const auto pretraining = parameter_groups(model, options, Stage::pretraining, 12);
  EXPECT_EQ(pretraining.size(), 2u);
  EXPECT_EQ(group_of(pretraining, "cls_token").weight_decay, 0.05);
  EXPECT_EQ(group_of(pretraining, "odd.bias").weight_decay, 0);
  EXPECT_EQ(group_of(pretraining, "blocks.11.norm1.weight").weight_decay, 0);
  const auto fine_tuning = parameter_groups(model, options, Stage::fine_tuning, 12);
  EXPECT_EQ(group_of(fine_tuning, "cls_token").weight_decay, 0);
  EXPECT_EQ(group_of(fine_tuning, "blocks.0.attn.qkv.weight").weight_decay, 0.05);
}

TEST(ParameterGroups, FixedAndFrozenTensorsAreInNoGroup) {
  Names model;
  const auto groups = parameter_groups(model, OptimOptions{}, Stage::pretraining, 12);
  EXPECT_THROW(group_of(groups, "pos_embed"), std::runtime_error);
  EXPECT_THROW(group_of(groups, "fusion.block.self_attn.q_proj.weight"), std::runtime_error);
}

TEST(ParameterGroups, TableHasALineForEachGroup) {
  Names model;
  const std::string table = groups_table(parameter_groups(model, OptimOptions{}, Stage::pretraining, 12));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
  EXPECT_NE(table.find("cls_token … fusion.block.self_attn.q_proj.lora_A.weight"), std::string::npos);
}

}  // namespace
}  // namespace luvit
