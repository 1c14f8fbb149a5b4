#include "luvit/weights/import.h"
#include "models_for_test.h"

namespace luvit {
namespace {

// scripts/fixtures/weights.py
fs::path vit_fixture(const std::string& name) {
  return fs::path(LUVIT_SOURCE_DIR) / "tests/parity/fixtures/weights" / name;
}

class ImportVit : public testing::Test {
 protected:
  std::string import(const std::string& name, const ImportOptions& options = {}) {
    return import_weights(vit_fixture(name), out_, options);
  }
  void expect_refused(const fs::path& path, std::string_view why, const ImportOptions& options = {}) {
    EXPECT_TRUE(contains(data_error([&] { import_weights(path, out_, options); }), why)) << path;
    EXPECT_FALSE(fs::exists(out_));
  }
  TemporaryFolder folder_;
  fs::path out_ = folder_ / "out.safetensors";
};

TEST_F(ImportVit, MaesTrainingCheckpointWithItsArguments) {
  const std::string report = import("mae_checkpoint.pth");
  EXPECT_TRUE(contains(report, "heads       12 (the stored training arguments)"));
  const OpenedModel model = describe_model(out_);
  EXPECT_EQ(model.kind, ModelKind::pretraining);
  EXPECT_EQ(model.options.heads, 12);
  EXPECT_EQ(model.options.decoder.heads, 16);
  EXPECT_EQ(model.options.image_size, 16);
  EXPECT_EQ(model.options.patch_size, 8);
  EXPECT_EQ(model.options.mlp_ratio, 4);
  EXPECT_EQ(model.options.pos_embed, PosEmbed::sincos);
  EXPECT_EQ(model.options.fusion.kind, FusionKind::none);
  EXPECT_EQ(model.masking.mask_ratio, 0.5);

  const SafetensorsFile expected(vit_fixture("mae_checkpoint.expected.safetensors"));
  const auto mae = loaded(out_);
  const auto out = dynamic_cast<MaskedAutoencoder&>(*mae)(expected.read("images"), expected.read("noise"));
  EXPECT_LE(distance(out.loss, expected.read("loss")), 1e-5);
  EXPECT_LE(distance(out.pred, expected.read("pred")), 1e-5);
  EXPECT_TRUE(at::equal(out.mask, expected.read("mask")));
}

// The control: other heads are another function.
TEST_F(ImportVit, ToldHeadsWinOverStoredOnes) {
  const std::string report = import("mae_checkpoint.pth", {.heads = 2, .decoder_heads = 4});
  EXPECT_TRUE(contains(report, "heads       2 (--heads)"));
  const SafetensorsFile expected(vit_fixture("mae_checkpoint.expected.safetensors"));
  const auto mae = loaded(out_);
  const auto out = dynamic_cast<MaskedAutoencoder&>(*mae)(expected.read("images"), expected.read("noise"));
  EXPECT_GT(distance(out.pred, expected.read("pred")), 1e-3);
}

TEST_F(ImportVit, MaesEncoderAlone) {
  import("mae_encoder.pth", {.heads = 12});
  const OpenedModel model = describe_model(out_);
  EXPECT_EQ(model.kind, ModelKind::encoder);
  EXPECT_TRUE(model.encoder_norm);
  const SafetensorsFile expected(vit_fixture("mae_checkpoint.expected.safetensors"));
  EXPECT_LE(distance(loaded(out_)->features(expected.read("images")), expected.read("features")), 1e-5);
}

TEST_F(ImportVit, MaesClassifierPools) {
  const std::string report = import("mae_finetuned.pth");
  EXPECT_TRUE(contains(report, "heads       1 (64 wide; --heads if that is wrong)"));
  EXPECT_TRUE(contains(report, "3 classes, pool mean"));
  const OpenedModel model = describe_model(out_);
  EXPECT_EQ(model.kind, ModelKind::classifier);
  EXPECT_EQ(model.options.mlp_ratio, 0.5);
  const SafetensorsFile expected(vit_fixture("mae_finetuned.expected.safetensors"));
  const auto classifier = loaded(out_);
  EXPECT_LE(distance(dynamic_cast<Classifier&>(*classifier)(expected.read("images")), expected.read("logits")), 1e-5);
}

TEST_F(ImportVit, TimmsClassToken) {
  import("timm.safetensors", {.heads = 3});
  const OpenedModel model = describe_model(out_);
  EXPECT_EQ(model.options.pool, Pool::cls);
  EXPECT_EQ(model.options.pos_embed, PosEmbed::learned);
  const SafetensorsFile expected(vit_fixture("timm.expected.safetensors"));
  const auto classifier = loaded(out_);
  EXPECT_LE(distance(dynamic_cast<Classifier&>(*classifier)(expected.read("images")), expected.read("logits")), 1e-5);
}

TEST_F(ImportVit, HeadsThatCannotBe) {
  expect_refused(vit_fixture("timm.safetensors"),
                 "0 heads (64 wide; --heads if that is wrong) do not divide the width, 12");
  expect_refused(vit_fixture("timm.safetensors"), "5 heads (--heads) do not divide", {.heads = 5});
}

TEST_F(ImportVit, RefusesWhatIsNoPlainVit) {
  const SafetensorsFile timm(vit_fixture("timm.safetensors"));
  const auto changed = [&](auto change) {
    NamedTensors tensors = read_all(timm);
    change(tensors);
    write_safetensors(folder_ / "changed", tensors, {});
    return folder_ / "changed";
  };
  const ImportOptions three{.heads = 3};
  expect_refused(changed([](auto& t) {
                   t.emplace_back("reg_token", at::ones({1, 4, 12}));
                 }),
                 "1 surplus (reg_token)", three);
  expect_refused(
      changed([](auto& t) { std::erase_if(t, [](auto& one) { return one.first == "blocks.1.attn.qkv.bias"; }); }),
      "1 missing (blocks.1.attn.qkv.bias)", three);
  expect_refused(changed([](auto& t) {
                   for (auto& [name, tensor] : t)
                     if (name == "pos_embed") tensor = at::ones({1, 4, 12});
                 }),
                 "pos_embed has 4 positions; 1 + a square is expected", three);
  expect_refused(changed([](auto& t) {
                   for (auto& [name, tensor] : t)
                     if (name == "patch_embed.proj.weight") tensor = at::ones({12});
                 }),
                 "patch_embed.proj.weight has 1 dimensions, 4 expected", three);
  expect_refused(changed([](auto& t) { t.resize(1); }), "no ViT");
  expect_refused(fixture("pickle/state_dict.pth"), "no ViT");
  expect_refused(folder_ / "nothing", "no such file or folder");
}

TEST_F(ImportVit, HalfPrecisionAndAWrappersPrefix) {
  NamedTensors tensors = read_all(SafetensorsFile(vit_fixture("timm.safetensors")));
  for (auto& [name, tensor] : tensors) {
    name = "module." + name;
    tensor = tensor.to(at::kHalf);
  }
  write_safetensors(folder_ / "wrapped", tensors, {});
  import_weights(folder_ / "wrapped", out_, {.heads = 3});
  for (const auto& [name, tensor] : tensors_of(*loaded(out_))) EXPECT_EQ(tensor.scalar_type(), at::kFloat) << name;
}

TEST_F(ImportVit, AHeadlessPooledVitLosesItsStrayNorm) {
  NamedTensors tensors = read_all(SafetensorsFile(vit_fixture("timm.safetensors")));
  std::erase_if(tensors, [](auto& one) { return one.first.starts_with("head."); });
  for (auto& [name, tensor] : tensors)
    if (name.starts_with("norm.")) name = "fc_" + name;
  write_safetensors(folder_ / "headless", tensors, {});
  EXPECT_TRUE(contains(import_weights(folder_ / "headless", out_, {.heads = 3}), "fc_norm.* left out"));
  EXPECT_FALSE(describe_model(out_).encoder_norm);
}

TEST_F(ImportVit, OwnFilesNeedNoImport) {
  save_filled(folder_ / "own", small_model(ModelKind::encoder, FusionKind::none));
  expect_refused(folder_ / "own", "already this project's own");
}

TEST_F(ImportVit, OptionsThatCannotBeMeant) {
  for (const ImportOptions& options : {ImportOptions{.layer = 3}, ImportOptions{.std = {{0.2, 0, 0.2}}}})
    EXPECT_THROW(import_weights(vit_fixture("timm.safetensors"), out_, options), UsageError);
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(ImportVit, BlocksAndAdapters) {
  EXPECT_TRUE(contains(import_weights(fixture("qwen3"), out_, {.layer = 1}), "block 1 of a language model"));
  EXPECT_EQ(SafetensorsFile(out_).metadata().count("luvit.block"), 1u);
  EXPECT_TRUE(contains(import_weights(fixture("peft"), out_, {}), "rank 4, alpha 8, targets q v"));
  EXPECT_EQ(SafetensorsFile(out_).metadata().count("luvit.adapter"), 1u);
  EXPECT_THROW(import_weights(fixture("peft"), folder_.path(), {}), UsageError);
  EXPECT_THROW(import_weights(fixture("qwen3"), out_, {.heads = 4}), UsageError);
}

}  // namespace
}  // namespace luvit
