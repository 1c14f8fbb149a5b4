#include "luvit/weights/model_file.h"

#include "models_for_test.h"

namespace luvit {
namespace {

struct Arm {
  const char* name;
  ModelKind kind;
  FusionKind fusion;
};

class EveryKind : public testing::TestWithParam<Arm> {};

TEST_P(EveryKind, ComesBackAsItWas) {
  TemporaryFolder folder;
  const fs::path path = folder / "m.safetensors";
  OpenedModel written = small_model(GetParam().kind, GetParam().fusion);
  written.classes = {"a", "\"b\" é"};
  save_filled(path, written, at::kBFloat16);

  const OpenedModel read = describe_model(path);
  EXPECT_EQ(read.kind, written.kind);
  EXPECT_EQ(model_to_json(read.options), model_to_json(written.options));
  EXPECT_EQ(preprocess_to_json(read.preprocess), preprocess_to_json(written.preprocess));
  EXPECT_EQ(read.classes, written.classes);
  if (read.kind == ModelKind::pretraining) {
    EXPECT_EQ(read.masking.mask_ratio, 0.5);
  }
  expect_same_tensors(*loaded(path), *filled(written, at::kBFloat16));
}

INSTANTIATE_TEST_SUITE_P(ModelFile, EveryKind,
                         testing::Values(Arm{"mae_luvit", ModelKind::pretraining, FusionKind::llama},
                                         Arm{"mae_mlp", ModelKind::pretraining, FusionKind::mlp},
                                         Arm{"mae_plain", ModelKind::pretraining, FusionKind::none},
                                         Arm{"classifier_luvit", ModelKind::classifier, FusionKind::llama},
                                         Arm{"classifier_plain", ModelKind::classifier, FusionKind::none},
                                         Arm{"encoder_luvit", ModelKind::encoder, FusionKind::llama}),
                         [](const auto& arm) { return arm.param.name; });

TEST(ModelFile, TensorsSayWhatNoKeyDoes) {
  TemporaryFolder folder;
  OpenedModel written = small_model(ModelKind::classifier);
  written.options.pool = Pool::cls;
  written.options.fusion.head_dim = 10;
  written.options.fusion.qkv_bias = written.options.fusion.o_bias = written.options.fusion.qk_norm = true;
  save_filled(folder / "m", written);
  const OpenedModel read = describe_model(folder / "m");
  EXPECT_EQ(read.options.pool, Pool::cls);
  EXPECT_EQ(read.options.fusion.head_dim, 10);
  EXPECT_TRUE(read.options.fusion.qkv_bias && read.options.fusion.o_bias && read.options.fusion.qk_norm);
  expect_same_tensors(*loaded(folder / "m"), *filled(written));
}

TEST(ModelFile, AnEncodersNormMayBeAbsent) {
  TemporaryFolder folder;
  OpenedModel written = small_model(ModelKind::encoder);
  written.encoder_norm = false;
  save_filled(folder / "bare", written);
  EXPECT_FALSE(describe_model(folder / "bare").encoder_norm);
  loaded(folder / "bare");

  written.encoder_norm = true;
  save_filled(folder / "normed", written);
  Encoder plain(describe_model(folder / "normed").options);  // has no use for the norm
  load_model(plain, folder / "normed");
  EXPECT_TRUE(plain.cls_token.is_cpu());
}

TEST(ModelFile, FrozenTypeIsTheReadersChoice) {
  TemporaryFolder folder;
  const OpenedModel written = small_model(ModelKind::pretraining);
  save_filled(folder / "m", written, at::kHalf);
  for (const auto& [name, tensor] : tensors_of(*loaded(folder / "m", at::kBFloat16)))
    EXPECT_EQ(tensor.scalar_type(),
              name.starts_with("fusion.block.") && name.find("lora") == std::string::npos ? at::kBFloat16 : at::kFloat)
        << name;
}

TEST(ModelFile, SizesAreAllWrittenOut) {
  OpenedModel model = small_model(ModelKind::pretraining);
  EXPECT_EQ(model_to_json(model.options),
            R"({"image_size":16,"patch_size":4,"dim":16,"depth":2,"heads":2,"mlp_ratio":2.0,"pool":"mean",)"
            R"("pos_embed":"sincos","drop_path":0.0,"fusion":{"kind":"llama","dim":24,"heads":4,"kv_heads":2,)"
            R"("hidden":40,"norm_eps":1e-05,"weights":"random","layer":0,"storage":"compute","residual":"none",)"
            R"("final_norm":"none","bias":false,"lora":{"rank":3,"alpha":6.0,"dropout":0.0,"targets":["q","v"],)"
            R"("weights":null}},"decoder":{"dim":8,"depth":1,"heads":2},"classes":5})");
}

TEST(ModelFile, AbsentKeysHaveTheirDefaults) {
  const ModelOptions paper = model_from_json("{}", "f");
  EXPECT_EQ(model_to_json(paper), [] {
    ModelOptions options;
    options.fusion.layer = 0;
    return model_to_json(options);
  }());
  // Integers stand for doubles; a kind has its own defaults; notes are ignored.
  const ModelOptions mlp = model_from_json(R"({"mlp_ratio":2,"x-note":[1],"fusion":{"kind":"mlp"}})", "f");
  EXPECT_EQ(mlp.mlp_ratio, 2.0);
  EXPECT_EQ(mlp.fusion.hidden, 4096);
  EXPECT_TRUE(mlp.fusion.bias);
  EXPECT_EQ(model_from_json(R"({"fusion":{"kind":"none"}})", "f").fusion.kind, FusionKind::none);
  const Preprocess preprocess = preprocess_from_json("{}", 40, "f");
  EXPECT_EQ(preprocess.resize, 40);
  EXPECT_EQ(preprocess.crop, 40);
  EXPECT_EQ(preprocess.mean, (std::vector<double>{0.485, 0.456, 0.406}));
}

TEST(ModelFile, RefusesMetadataThatIsWrong) {
  const auto error = [](const std::string& json) {
    return data_error([&] { model_from_json(json, "w.safetensors"); });
  };
  EXPECT_TRUE(
      contains(error(R"({"dimm":3})"), "w.safetensors: luvit.model has an unknown key, 'dimm'; the nearest is dim"));
  EXPECT_TRUE(
      contains(error(R"({"fusion":{"kind":"mlp","lora":{}}})"), "luvit.model fusion has an unknown key, 'lora'"));
  EXPECT_TRUE(contains(error(R"({"dim":"wide"})"), "dim is \"wide\"; expected an integer from 1"));
  EXPECT_TRUE(contains(error(R"({"dim":16.5})"), "expected an integer"));
  EXPECT_TRUE(contains(error(R"({"dim":0})"), "expected an integer from 1"));
  EXPECT_TRUE(contains(error(R"({"depth":1000000000000})"), "expected an integer from 1 to 4096"));
  EXPECT_TRUE(contains(error(R"({"pool":"max"})"), "expected mean | cls"));
  EXPECT_TRUE(contains(error(R"({"fusion":3})"), "expected an object"));
  EXPECT_TRUE(contains(error(R"({"fusion":{"lora":{"targets":["q",1]}}})"), "expected a list of strings"));
  EXPECT_TRUE(contains(error("[]"), "expected an object"));
  EXPECT_TRUE(contains(error("{"), "w.safetensors: luvit.model: not valid JSON"));
  EXPECT_TRUE(contains(data_error([] { preprocess_from_json(R"({"std":[1,1,0]})", 16, "w"); }), "std above 0"));
}

class WrongFiles : public testing::Test {
 protected:
  WrongFiles() : path_(folder_ / "m.safetensors") { save_filled(path_, small_model(ModelKind::pretraining)); }
  // Writes the file again with changes, and tries to load it.
  std::string error_after(const std::function<void(NamedTensors&, Metadata&)>& change) {
    NamedTensors tensors;
    Metadata metadata;
    {
      const SafetensorsFile file(path_);
      tensors = read_all(file);
      metadata = file.metadata();
    }
    change(tensors, metadata);
    const fs::path changed = folder_ / "changed.safetensors";
    write_safetensors(changed, tensors, metadata);
    return data_error([&] { loaded(changed); });
  }
  TemporaryFolder folder_;
  fs::path path_;
};

TEST_F(WrongFiles, TensorsAreExactlyTheModels) {
  const auto erase = [](NamedTensors& tensors, std::string_view part) {
    std::erase_if(tensors, [&](const auto& one) { return one.first.find(part) != std::string::npos; });
  };
  std::string error = error_after([&](auto& tensors, auto&) { erase(tensors, "blocks.1.norm"); });
  EXPECT_TRUE(contains(error, "changed.safetensors: not the tensors of its model: 4 missing (blocks.1.norm1.weight"));
  EXPECT_TRUE(contains(error, "…"));
  error = error_after([](auto& tensors, auto&) { tensors.emplace_back("reg_token", at::zeros({1})); });
  EXPECT_TRUE(contains(error, "1 surplus (reg_token)"));
  error = error_after([](auto& tensors, auto&) {
    for (auto& [name, tensor] : tensors)
      if (name == "cls_token") tensor = at::zeros({1, 1, 8});
  });
  EXPECT_TRUE(contains(error, "1 misshapen (cls_token [1, 1, 8], [1, 1, 16] expected)"));
  error = error_after([](auto& tensors, auto&) {
    for (auto& [name, tensor] : tensors)
      if (name == "norm.bias") tensor = tensor.to(at::kInt);
  });
  EXPECT_TRUE(contains(error, "1 not floating point (norm.bias"));
  // A block that is left out is only ever made up for a checkpoint.
  error = error_after([&](auto& tensors, auto&) { erase(tensors, "fusion.block."); });
  EXPECT_TRUE(contains(error, "missing (fusion.block."));
}

TEST_F(WrongFiles, MetadataThatIsNotOurs) {
  EXPECT_TRUE(contains(error_after([](auto&, auto& metadata) { metadata["luvit.format"] = "2"; }),
                       "luvit.format is '2', this version reads '1'"));
  EXPECT_TRUE(contains(error_after([](auto&, auto& metadata) { metadata.erase("luvit.model"); }), "no luvit.model"));
  EXPECT_TRUE(
      contains(error_after([](auto&, auto& metadata) { metadata["luvit.classes"] = "{}"; }), "not a list of names"));
  EXPECT_TRUE(contains(error_after([](auto&, auto& metadata) { metadata["luvit.model"] = R"({"dim":16,"heads":3})"; }),
                       "its sizes contradict one another"));
  // Another model's sizes.
  EXPECT_TRUE(contains(error_after([](auto&, auto& metadata) {
                         auto& json = metadata["luvit.model"];
                         json.replace(json.find("\"depth\":2"), 9, "\"depth\":3");
                       }),
                       "12 missing (blocks.2.norm1.weight"));
}

TEST_F(WrongFiles, MetadataThatIsAbsentIsMadeUpFor) {
  const SafetensorsFile file(path_);
  write_safetensors(folder_ / "bare", read_all(file), {{"luvit.model", file.metadata().at("luvit.model")}});
  const OpenedModel model = describe_model(folder_ / "bare");
  EXPECT_EQ(model.preprocess.resize, 16);
  EXPECT_EQ(model.masking.mask_ratio, 0.75);
  loaded(folder_ / "bare");
}

TEST_F(WrongFiles, NotAFileOfOurs) {
  EXPECT_TRUE(contains(data_error([&] { describe_model(folder_ / "gone"); }), "gone"));
  write_bytes(folder_ / "text", "no weights at all, and long enough to be read");
  EXPECT_TRUE(contains(data_error([&] { describe_model(folder_ / "text"); }), "text"));
  EXPECT_TRUE(
      contains(data_error([&] { describe_model(folder_.path()); }), "not a whole checkpoint: state.json is missing"));
}

}  // namespace
}  // namespace luvit
