#include "luvit/weights/transfer.h"

#include "luvit/core/error.h"
#include "luvit/models/initial_values.h"
#include "luvit/weights/block_source.h"
#include "models_for_test.h"

namespace luvit {
namespace {

using Names = std::vector<std::string>;

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

Classifier& begun(Classifier& model) {
  initialise(model, model.options, {.seed = 1});
  return model;
}

class TransferTest : public testing::Test {
 protected:
  fs::path saved(ModelKind kind, FusionKind fusion = FusionKind::llama) const {
    const fs::path path = folder_ / "weights.safetensors";
    save_filled(path, small_model(kind, fusion));
    return path;
  }
  TemporaryFolder folder_;
};

TEST_F(TransferTest, APretrainingModelBecomesAClassifiersBeginning) {
  const fs::path path = saved(ModelKind::pretraining);
  Classifier model(small_model(ModelKind::classifier).options);
  const Transfer transfer = transfer_weights(begun(model), path);
  EXPECT_EQ(transfer.missing, (Names{"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"}));
  EXPECT_TRUE(transfer.resized.empty());
  for (const std::string& name : transfer.unexpected)
    EXPECT_TRUE(name.starts_with("decoder_") || name.starts_with("norm.") || name == "mask_token") << name;
  const SafetensorsFile file(path);
  const auto tensors = tensors_of(model);
  for (const std::string& name : transfer.loaded) EXPECT_TRUE(same(tensors.at(name), file.read(name))) << name;
  EXPECT_EQ(transfer.loaded.size() + transfer.missing.size(), model.trained_tensors().size());
}

TEST_F(TransferTest, AHeadForOtherClassesIsNewAndOneForTheSameIsKept) {
  const fs::path path = saved(ModelKind::classifier);
  ModelOptions options = small_model(ModelKind::classifier).options;
  Classifier same_classes(options);
  EXPECT_TRUE(transfer_weights(begun(same_classes), path).missing.empty());
  options.classes = 9;
  Classifier others(options);
  EXPECT_EQ(transfer_weights(begun(others), path).missing, (Names{"head.weight", "head.bias"}));
}

TEST_F(TransferTest, AnythingElseThatIsMissingIsAnError) {
  const fs::path path = saved(ModelKind::classifier);  // mean-pooled: it has no `norm`
  ModelOptions options = small_model(ModelKind::classifier).options;
  options.pool = Pool::cls;
  Classifier model(options);
  EXPECT_NE(message_of([&] { transfer_weights(begun(model), path); }).find("it has no norm.weight"), std::string::npos);
}

TEST_F(TransferTest, AModelsFileIsASourceOfItsBlock) {
  const fs::path path = saved(ModelKind::pretraining);
  const auto reference = block_of(path);
  ASSERT_TRUE(reference);
  EXPECT_EQ(reference->source, path.string());
  const BlockSource block = read_block(path, -1);
  EXPECT_EQ(block.info.hidden, 40);
  const SafetensorsFile file(path);
  for (const auto& [name, tensor] : block.tensors) EXPECT_TRUE(same(tensor, file.read("fusion.block." + name))) << name;
  EXPECT_NE(message_of([&] { read_block(saved(ModelKind::encoder, FusionKind::none), -1); }).find("without"),
            std::string::npos);
}

TEST(SettleModel, WhatNobodyWroteComesFromTheWeights) {
  const OpenedModel from = small_model(ModelKind::pretraining);
  ModelOptions options;
  options.image_size = 32;
  options.drop_path = 0.2;
  options.classes = 7;
  options.pool = Pool::cls;
  settle_model_options(options, from, {"model.image_size"}, "w.safetensors");
  ModelOptions expected = from.options;
  expected.image_size = 32;   // positions can be resized
  expected.drop_path = 0.2;   // training's own
  expected.classes = 7;       // the data's
  expected.pool = Pool::cls;  // nothing is pooled in pretraining
  EXPECT_EQ(model_to_json(options), model_to_json(expected));
}

TEST(SettleModel, AWrittenKeyMustAgreeAndAllThatDoNotAreSaid) {
  const OpenedModel from = small_model(ModelKind::pretraining);
  ModelOptions options = from.options;
  options.dim = 32;
  options.fusion.lora.rank = 4;
  const std::string message = message_of([&] {
    settle_model_options(options, from, {"model.dim", "model.depth", "model.fusion.lora.rank"}, "w.safetensors");
  });
  EXPECT_NE(message.find("model.dim is 32, but 16 in w.safetensors"), std::string::npos) << message;
  EXPECT_NE(message.find("model.fusion.lora.rank is 4, but 3 in"), std::string::npos) << message;
}

TEST(SettleModel, KeysOfAnotherFusionAreNotPassedOver) {
  const OpenedModel from = small_model(ModelKind::pretraining, FusionKind::none);
  ModelOptions options;
  const std::string message =
      message_of([&] { settle_model_options(options, from, {"model.fusion.weights"}, "w.safetensors"); });
  EXPECT_NE(message.find("model.fusion.weights is written, but model.fusion.kind is none in"), std::string::npos)
      << message;
}

}  // namespace
}  // namespace luvit
