#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "luvit/models/classifier.h"
#include "luvit/models/mae.h"
#include "luvit/optim/parameter_groups.h"

namespace luvit {
namespace {

nlohmann::json fixture(const std::string& name) {
  std::ifstream in(LUVIT_SOURCE_DIR "/tests/parity/fixtures/" + name);
  return nlohmann::json::parse(in);
}

double schedule_difference(double warmup_shift) {
  const nlohmann::json f = fixture("optim_schedule.json");
  OptimOptions options;
  options.warmup_epochs = f.at("warmup").get<double>() + warmup_shift;
  options.min_lr = f.at("min_lr");
  const double peak = f.at("peak"), epochs = f.at("epochs"), per_epoch = f.at("per_epoch");
  double worst = 0, step = 0;
  for (const double expected : f.at("rates").get<std::vector<double>>())
    worst = std::max(worst, std::abs(learning_rate(options, peak, step++ / per_epoch, epochs) - expected) / peak);
  return worst;
}

TEST(ScheduleParity, EqualsCosineAnnealing) {
  EXPECT_LE(schedule_difference(0), 1e-10);
}

TEST(ScheduleParity, AnotherWarmUpIsSeen) {
  EXPECT_GT(schedule_difference(1.0 / 7), 1e-3);
}

// The sizes of scripts/fixtures/optim.py.
ModelOptions small_model() {
  ModelOptions options;
  options.image_size = 32;
  options.patch_size = 8;
  options.dim = 24;
  options.depth = 3;
  options.heads = 3;
  options.classes = 10;
  options.decoder = {12, 2, 3};
  options.fusion.dim = 32;
  options.fusion.heads = options.fusion.kv_heads = 4;
  options.fusion.hidden = 48;
  options.fusion.lora.rank = 4;
  return options;
}

using Table = std::map<std::string, std::pair<double, double>>;

Table table_of(const std::vector<ParameterGroup>& groups) {
  Table table;
  for (const ParameterGroup& group : groups)
    for (const NamedTensor& parameter : group.parameters) table[parameter.name] = {group.weight_decay, group.lr_scale};
  return table;
}

Table expected_table(const std::string& stage) {
  Table table;
  const nlohmann::json stages = fixture("optim_groups.json");  // a temporary would not outlive the loop's head
  for (const auto& [name, row] : stages.at(stage).items()) table[name] = {row[0], row[1]};
  return table;
}

TEST(GroupParity, PretrainingIsTimmsWeightDecayRule) {
  MaskedAutoencoder model(small_model(), MaskingOptions{});
  OptimOptions options;
  EXPECT_EQ(table_of(parameter_groups(model, options, Stage::pretraining, 3)), expected_table("pretraining"));
}

TEST(GroupParity, AnotherDecayAndAnotherStageAreSeen) {
  MaskedAutoencoder model(small_model(), MaskingOptions{});
  OptimOptions options;
  const Table expected = expected_table("pretraining");
  EXPECT_NE(table_of(parameter_groups(model, options, Stage::fine_tuning, 3)), expected);
  options.weight_decay *= 1.01;
  EXPECT_NE(table_of(parameter_groups(model, options, Stage::pretraining, 3)), expected);
}

TEST(GroupParity, FineTuningIsTimmsLayerDecay) {
  ModelOptions model_options = small_model();
  Classifier model(model_options);
  OptimOptions options;
  options.layer_decay = 0.75;
  const Table expected = expected_table("fine_tuning");
  const Table got = table_of(parameter_groups(model, options, Stage::fine_tuning, 3));
  EXPECT_EQ(got, expected);
  EXPECT_NE(table_of(parameter_groups(model, options, Stage::fine_tuning, 4)), expected);
}

}  // namespace
}  // namespace luvit
