#include "luvit/weights/export.h"

#include "luvit/core/error.h"
#include "luvit/weights/adapter.h"
#include "luvit/weights/import.h"
#include "models_for_test.h"

namespace luvit {
namespace {

class Export : public testing::Test {
 protected:
  void save(const OpenedModel& description, at::ScalarType frozen_type = at::kFloat) {
    save_filled(in_, description, frozen_type);
  }
  void expect_refused(ExportFormat format, std::string_view why) {
    EXPECT_TRUE(contains(data_error([&] { export_weights(in_, format, out_); }), why));
    EXPECT_FALSE(fs::exists(out_));
  }
  TemporaryFolder folder_;
  fs::path in_ = folder_ / "in.safetensors", out_ = folder_ / "out";
};

TEST_F(Export, TimmLeavesTheDecoderOut) {
  save(small_model(ModelKind::pretraining, FusionKind::none));
  const std::string report = export_weights(in_, ExportFormat::timm, out_);
  EXPECT_TRUE(contains(report,
                       "VisionTransformer(img_size=16, patch_size=4, embed_dim=16, depth=2, num_heads=2, "
                       "mlp_ratio=2, num_classes=0)"));
  const SafetensorsFile file(out_);
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.tensors().size(), 4u + 2u * 12u + 2u);
  EXPECT_TRUE(file.has("cls_token") && file.has("norm.weight"));
  for (const auto& info : file.tensors()) EXPECT_FALSE(contains(info.name, "decoder") || info.name == "mask_token");
}

TEST_F(Export, TimmsCallSaysHowItPools) {
  OpenedModel model = small_model(ModelKind::classifier, FusionKind::none);
  save(model);
  EXPECT_TRUE(contains(export_weights(in_, ExportFormat::timm, out_), "num_classes=5, global_pool=\"avg\")"));
  EXPECT_TRUE(SafetensorsFile(out_).has("fc_norm.weight"));
  model.options.pool = Pool::cls;
  save(model);
  EXPECT_TRUE(contains(export_weights(in_, ExportFormat::timm, out_), "num_classes=5, global_pool=\"token\")"));
  model = small_model(ModelKind::encoder, FusionKind::none);
  model.encoder_norm = false;
  save(model);
  EXPECT_TRUE(contains(export_weights(in_, ExportFormat::timm, out_), "num_classes=0, final_norm=False)"));
}

// What no tensor says travels with the file: how images are normalised, what the classes are called.
TEST_F(Export, TimmsFileComesBackWithItsPreprocessing) {
  OpenedModel model = small_model(ModelKind::classifier, FusionKind::none);
  model.preprocess = {
      .resize = 20, .crop = 16, .interpolation = "bilinear", .mean = {0.5, 0.25, 0.125}, .std = {1, 2, 3}};
  model.classes = {"ant", "bee", "cat", "dog", "elk"};
  save(model);
  EXPECT_TRUE(contains(export_weights(in_, ExportFormat::timm, out_),
                       "# images: resized to 20 (bilinear), cut to 16, mean=[0.5, 0.25, 0.125], std=[1, 2, 3]"));
  const fs::path back = folder_ / "back.safetensors";
  import_weights(out_, back, {});  // heads, too, as the file says
  OpenedModel found = describe_model(back);
  EXPECT_EQ(preprocess_to_json(found.preprocess), preprocess_to_json(model.preprocess));
  EXPECT_EQ(found.classes, model.classes);
  EXPECT_EQ(found.options.heads, model.options.heads);
  import_weights(out_, back, {.heads = 2, .mean = {{0.5, 0.5, 0.5}}, .resize = 16});
  found = describe_model(back);
  EXPECT_EQ(found.preprocess.mean, (std::vector<double>{0.5, 0.5, 0.5}));
  EXPECT_EQ(found.preprocess.std, model.preprocess.std);
  EXPECT_EQ(found.preprocess.resize, 16);
}

TEST_F(Export, NothingIsWrittenOntoWhatIsRead) {
  save(small_model(ModelKind::classifier, FusionKind::none));
  const std::string before = read_file(in_);
  EXPECT_THROW(export_weights(in_, ExportFormat::luvit, in_), UsageError);
  EXPECT_THROW(import_weights(in_, in_, {}), UsageError);
  EXPECT_EQ(read_file(in_), before);
}

TEST_F(Export, TimmHasNoPlaceForAFusion) {
  for (const auto fusion : {FusionKind::llama, FusionKind::mlp}) {
    save(small_model(ModelKind::classifier, fusion));
    expect_refused(ExportFormat::timm, "for which timm's VisionTransformer has no place");
  }
}

TEST_F(Export, MergedComputesTheSameWithoutLora) {
  OpenedModel description = small_model(ModelKind::classifier);
  description.options.fusion.lora.targets = {"q", "v", "down"};
  save(description);
  EXPECT_TRUE(contains(export_weights(in_, ExportFormat::merged, out_), "added into 3 matrices"));
  EXPECT_EQ(describe_model(out_).options.fusion.lora.rank, 0);
  const at::Tensor images = varied({2, 3, 16, 16}, 3, 1);
  const auto before = loaded(in_), after = loaded(out_);
  const at::Tensor expected = dynamic_cast<Classifier&>(*before)(images);
  EXPECT_LE(distance(dynamic_cast<Classifier&>(*after)(images), expected), 1e-5);
  for (const auto& [name, tensor] : tensors_of(*after)) EXPECT_FALSE(contains(name, "lora")) << name;
}

TEST_F(Export, MergedRoundsOnce) {
  save(small_model(ModelKind::classifier), at::kBFloat16);
  export_weights(in_, ExportFormat::merged, out_);
  const auto before = tensors_of(*loaded(in_)), after = tensors_of(*loaded(out_));
  const std::string q = "fusion.block.self_attn.q_proj.";
  const at::Tensor exact =
      before.at(q + "weight").to(at::kFloat) + 2.0 * before.at(q + "lora_B.weight").mm(before.at(q + "lora_A.weight"));
  EXPECT_TRUE(same(after.at(q + "weight"), exact.to(at::kBFloat16)));
  EXPECT_FALSE(at::equal(after.at(q + "weight"), before.at(q + "weight")));
  EXPECT_TRUE(
      same(after.at("fusion.block.self_attn.k_proj.weight"), before.at("fusion.block.self_attn.k_proj.weight")));
}

TEST_F(Export, PeftsFolderComesBackAsTheSameAdapter) {
  OpenedModel description = small_model(ModelKind::pretraining);
  description.options.fusion.layer = 31;
  description.options.fusion.lora.targets = {"q", "gate"};
  save(description);
  export_weights(in_, ExportFormat::peft, out_);
  const SafetensorsFile file(out_ / "adapter_model.safetensors");
  EXPECT_EQ(file.tensors().size(), 4u);
  EXPECT_TRUE(file.has("base_model.model.model.layers.31.self_attn.q_proj.lora_A.weight"));
  EXPECT_TRUE(file.has("base_model.model.model.layers.31.mlp.gate_proj.lora_B.weight"));
  EXPECT_TRUE(contains(read_file(out_ / "adapter_config.json"), "\"lora_alpha\": 6,"));

  const Adapter adapter = read_adapter(out_);
  EXPECT_EQ(adapter.rank, 3);
  EXPECT_EQ(adapter.alpha, 6);
  EXPECT_EQ(adapter.layer, 31);
  EXPECT_EQ(adapter.targets, (std::vector<std::string>{"q", "gate"}));
  const auto own = tensors_of(*loaded(in_));
  for (const auto& [name, tensor] : adapter.tensors) EXPECT_TRUE(same(tensor, own.at("fusion.block." + name))) << name;
  export_weights(in_, ExportFormat::peft, out_);  // over an earlier adapter, but over nothing else
  EXPECT_THROW(export_weights(in_, ExportFormat::peft, folder_.path()), UsageError);
}

TEST_F(Export, WithoutLoraThereIsNothingToMergeOrHandOn) {
  OpenedModel description = small_model(ModelKind::classifier);
  description.options.fusion.lora.rank = 0;
  save(description);
  expect_refused(ExportFormat::merged, "has no LoRA to merge");
  expect_refused(ExportFormat::peft, "has no LoRA to export");
}

TEST_F(Export, LuvitIsTheCompleteFile) {
  save(small_model(ModelKind::pretraining), at::kHalf);
  export_weights(in_, ExportFormat::luvit, out_);
  EXPECT_EQ(read_file(in_), read_file(out_));
  EXPECT_THROW(export_weights(in_, ExportFormat::luvit, folder_.path()), UsageError);
}

TEST_F(Export, AFailedExportLeavesNothing) {
  save(small_model(ModelKind::classifier));
  fs::resize_file(in_, fs::file_size(in_) - 10);
  for (const auto format : {ExportFormat::merged, ExportFormat::peft, ExportFormat::luvit})
    expect_refused(format, "in.safetensors");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
}

TEST(ExportFormats, AreFour) {
  EXPECT_EQ(parse_export_format("peft"), ExportFormat::peft);
  EXPECT_THROW(parse_export_format("onnx"), UsageError);
}

}  // namespace
}  // namespace luvit
