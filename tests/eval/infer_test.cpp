#include "luvit/eval/infer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/data/image.h"
#include "luvit/eval/analysis.h"
#include "luvit/eval/inference_model.h"
#include "luvit/models/initial_values.h"

namespace luvit {
namespace {

ModelOptions small_model() {
  ModelOptions options{.image_size = 32, .patch_size = 8, .dim = 16, .depth = 2, .heads = 2, .classes = 5};
  options.fusion = {
      .dim = 16, .heads = 4, .kv_heads = 2, .hidden = 32, .weights = "random", .layer = 0, .lora = {.rank = 2}};
  options.decoder = {.dim = 16, .depth = 1, .heads = 2};
  return options;
}

// Values that are the same on every run, without torch's generator.
at::Tensor varied(at::IntArrayRef shape, double step) {
  return at::sin(at::arange(c10::multiply_integers(shape), at::kDouble) * step).to(at::kFloat).reshape(shape);
}

class Infer : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / luvit::str("luvit-infer-", ::getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "photos" / "one");
    write_safetensors(folder_ / "in.safetensors", {{"images", images_}, {"noise", noise_}}, {});
    for (int i = 0; i < 3; ++i) {
      Image image{.height = 40, .width = 50, .pixels = std::vector<std::uint8_t>(40 * 50 * 3)};
      for (std::size_t p = 0; p < image.pixels.size(); ++p)
        image.pixels[p] = static_cast<std::uint8_t>(p * (i + 1) / 7);
      write_durably(folder_ / "photos" / "one" / luvit::str(i, ".png"), encode_png(image));
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  InferOptions prepare(ModelKind kind, const std::string& emit) {
    OpenedModel description{.kind = kind, .options = small_model()};
    description.preprocess = {.resize = 36, .crop = 32};
    const auto model = make_model(description);
    initialise(*model, description.options, {.seed = 5});
    save_model(folder_ / "w.safetensors", *model, description);
    return {.weights = folder_ / "w.safetensors",
            .tensors = folder_ / "in.safetensors",
            .emit = parse_outputs(emit),
            .out = folder_ / "out.safetensors",
            .batch = 2};
  }
  std::map<std::string, at::Tensor> run(const InferOptions& options) {
    infer(options);
    const SafetensorsFile file(options.out);
    std::map<std::string, at::Tensor> tensors;
    for (const TensorInfo& info : file.tensors()) tensors[info.name] = file.read(info.name);
    paths_ = file.metadata().count("paths") ? file.metadata().at("paths") : "";
    return tensors;
  }
  // The whole message of the error, or "" if there was none.
  template <typename Expected>
  std::string refusal(const InferOptions& options) {
    try {
      infer(options);
    } catch (const Expected& error) {
      EXPECT_FALSE(fs::exists(options.out));
      return luvit::str(error.what(), "; hint: ", error.hint());
    }
    return "";
  }

  const at::Tensor images_ = varied({5, 3, 32, 32}, 0.7071), noise_ = varied({5, 16}, 1.31).abs();
  fs::path folder_;
  std::string paths_;
};

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST_F(Infer, ClassifierShowsEverythingOfOnePass) {
  const auto out = run(prepare(ModelKind::classifier, "logits,features,encoder,attention,entropy"));
  ASSERT_EQ(out.size(), 5u);
  EXPECT_EQ(out.at("logits").sizes(), at::IntArrayRef({5, 5}));
  EXPECT_EQ(out.at("features").sizes(), at::IntArrayRef({5, 17, 16}));
  EXPECT_EQ(out.at("encoder").sizes(), at::IntArrayRef({5, 17, 16}));
  EXPECT_EQ(out.at("attention").sizes(), at::IntArrayRef({5, 2, 17, 17}));
  EXPECT_EQ(out.at("entropy").sizes(), at::IntArrayRef({5, 17}));

  Classifier model(small_model());
  load_model(model, folder_ / "w.safetensors");
  const at::NoGradGuard no_gradients;
  EXPECT_LE(difference(out.at("logits"), model(images_)), 1e-6);
  EXPECT_LE(difference(out.at("features"), (*model.fusion)(out.at("encoder"))), 1e-6);
  EXPECT_LE(difference(out.at("attention").sum(-1), at::ones({})), 1e-6);
  EXPECT_LE(difference(out.at("entropy"), attention_entropy(out.at("attention"))), 1e-6);
}

TEST_F(Infer, LossIsOfTheWholeInputWhateverTheBatch) {
  InferOptions options = prepare(ModelKind::pretraining, "mae");
  const auto in_two = run(options);
  options.batch = 5;
  const auto at_once = run(options);
  MaskedAutoencoder model(small_model(), {});
  load_model(model, folder_ / "w.safetensors");
  const at::NoGradGuard no_gradients;
  const MaeOutput expected = model(images_, noise_);
  for (const auto& out : {in_two, at_once}) {
    EXPECT_EQ(out.at("loss").dim(), 0);
    EXPECT_LE(difference(out.at("loss"), expected.loss), 1e-6);
    EXPECT_LE(difference(out.at("pred"), expected.pred), 1e-6);
    EXPECT_TRUE(at::equal(out.at("mask"), expected.mask));
  }
}

TEST_F(Infer, WithoutNoiseTheSeedDrawsIt) {
  InferOptions options = prepare(ModelKind::pretraining, "mae");
  write_safetensors(folder_ / "in.safetensors", {{"images", images_}}, {});
  const auto first = run(options), same = run(options);
  options.batch = 3;
  const auto other_batch = run(options);
  options.seed = 1;
  const auto other_seed = run(options);
  EXPECT_TRUE(at::equal(first.at("mask"), same.at("mask")));
  EXPECT_TRUE(at::equal(first.at("mask"), other_batch.at("mask")));
  EXPECT_FALSE(at::equal(first.at("mask"), other_seed.at("mask")));
  EXPECT_TRUE(first.at("mask").sum(1).eq(12).all().item<bool>());
}

TEST_F(Infer, PretrainingModelShowsAllPatchesToo) {
  const auto out = run(prepare(ModelKind::pretraining, "mae,features,entropy"));
  EXPECT_EQ(out.at("features").sizes(), at::IntArrayRef({5, 17, 16}));
  EXPECT_EQ(out.size(), 5u);  // loss, pred, mask besides
}

TEST_F(Infer, Bfloat16IsNearAndWrittenAsFloat32) {
  InferOptions options = prepare(ModelKind::classifier, "features,attention");
  const auto exact = run(options);
  options.compute = at::kBFloat16;
  const auto rough = run(options);
  for (const char* name : {"features", "attention"}) {
    EXPECT_EQ(rough.at(name).scalar_type(), at::kFloat);
    const double off = difference(rough.at(name), exact.at(name)) / exact.at(name).abs().max().item<double>();
    EXPECT_GT(off, 0) << name;
    EXPECT_LE(off, 0.05) << name;
  }
}

TEST_F(Infer, ImagesComeInTheirOrderWithTheirPaths) {
  InferOptions options = prepare(ModelKind::classifier, "logits");
  options.tensors.clear();
  const std::string folder = (folder_ / "photos").string();
  options.images = {folder + "/one/2.png", folder};
  const auto out = run(options);
  EXPECT_EQ(out.at("logits").sizes(), at::IntArrayRef({4, 5}));
  EXPECT_LE(difference(out.at("logits")[0], out.at("logits")[3]), 1e-6);
  const auto quoted = [&](const char* name) { return luvit::str('"', folder, "/one/", name, '"'); };
  EXPECT_EQ(paths_,
            luvit::str("[", quoted("2.png"), ", ", quoted("0.png"), ", ", quoted("1.png"), ", ", quoted("2.png"), "]"));
}

TEST_F(Infer, PicturesAreOneAnImage) {
  InferOptions options = prepare(ModelKind::pretraining, "mae,entropy");
  options.tensors.clear();
  options.images = {(folder_ / "photos").string()};
  options.pictures = folder_ / "pictures";
  run(options);
  for (const char* name : {"000000-0.reconstruction.png", "000002-2.reconstruction.png", "000001-1.maps.png"}) {
    const std::string png = read_file(options.pictures / name);
    const Image image = decode({reinterpret_cast<const std::uint8_t*>(png.data()), png.size()}, name);
    EXPECT_EQ(image.height, 96) << name;
    EXPECT_EQ(image.width, 3 * 96 + 2 * 4) << name;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(options.pictures), fs::directory_iterator()), 6);
}

TEST_F(Infer, PicturesShowWhatTheModelHasWhereNothingEmittedHasAPicture) {
  InferOptions options = prepare(ModelKind::classifier, "logits");
  options.pictures = folder_ / "pictures";
  const auto out = run(options);
  EXPECT_EQ(out.size(), 1u);
  EXPECT_TRUE(fs::exists(options.pictures / "000004.maps.png"));
}

TEST_F(Infer, RefusesWhatTheModelDoesNotHave) {
  const std::string no_head = refusal<UsageError>(prepare(ModelKind::pretraining, "logits"));
  EXPECT_NE(no_head.find("logits"), std::string::npos);
  EXPECT_NE(no_head.find("w.safetensors"), std::string::npos);
  EXPECT_NE(refusal<UsageError>(prepare(ModelKind::classifier, "mae,logits")).find("decoder_pred"), std::string::npos);
}

TEST_F(Infer, RefusesTensorsThatDoNotFit) {
  const InferOptions options = prepare(ModelKind::pretraining, "mae");
  const auto with = [&](const NamedTensors& tensors) {
    write_safetensors(folder_ / "in.safetensors", tensors, {});
    return refusal<DataError>(options);
  };
  EXPECT_NE(with({{"images", at::zeros({2, 3, 24, 24})}}).find("[2, 3, 24, 24]"), std::string::npos);
  EXPECT_NE(with({{"images", at::zeros({2, 3, 32, 32}, at::kInt)}}).find("Int"), std::string::npos);
  EXPECT_NE(with({{"images", at::zeros({2, 3, 32, 32})}, {"noise", at::zeros({2, 9})}}).find("[2, 16]"),
            std::string::npos);
  EXPECT_NE(with({{"images", at::zeros({0, 3, 32, 32})}}).find("no image"), std::string::npos);
  EXPECT_NE(with({{"pictures", at::zeros({2, 3, 32, 32})}}).find("no tensor images"), std::string::npos);
}

TEST_F(Infer, RefusesImagesThatCannotBeRead) {
  InferOptions options = prepare(ModelKind::classifier, "logits");
  options.tensors.clear();
  options.images = {(folder_ / "gone.jpg").string()};
  EXPECT_NE(refusal<DataError>(options).find("gone.jpg"), std::string::npos);
  write_durably(folder_ / "photos" / "one" / "text.jpg", "not a picture");
  options.images = {(folder_ / "photos").string()};
  EXPECT_NE(refusal<DataError>(options).find("text.jpg"), std::string::npos);
}

TEST_F(Infer, RefusesAnOutputThatCannotBeWrittenBeforeTheWork) {
  InferOptions options = prepare(ModelKind::classifier, "logits");
  options.out = folder_ / "nowhere" / "out.safetensors";
  EXPECT_NE(refusal<UsageError>(options).find("nowhere"), std::string::npos);
  options.out = folder_ / "out.safetensors";
  options.images = {folder_.string()};
  EXPECT_NE(refusal<UsageError>(options).find("only one"), std::string::npos);
}

TEST_F(Infer, StationsOfThePassComeByTheirNames) {
  const auto out = run(prepare(ModelKind::classifier,
                               "encoder,attention,features,block.0,block.1,attention.0,attention.1,l1,llm_attn,"
                               "llm_ffn,llm,l2,attention.llm"));
  ASSERT_EQ(out.size(), 13u);
  EXPECT_TRUE(at::equal(out.at("encoder"), out.at("block.1")));
  EXPECT_TRUE(at::equal(out.at("attention"), out.at("attention.1")));
  EXPECT_GT(difference(out.at("attention.0"), out.at("attention.1")), 1e-4);
  EXPECT_EQ(out.at("attention.llm").sizes(), at::IntArrayRef({5, 4, 17, 17}));
  EXPECT_LE(difference(out.at("l1") + out.at("llm_attn") + out.at("llm_ffn"), out.at("llm")), 1e-6);
  EXPECT_TRUE(at::equal(out.at("l2"), out.at("features")));
}

TEST_F(Infer, RefusesStationsThatTheModelDoesNotHave) {
  EXPECT_NE(refusal<UsageError>(prepare(ModelKind::classifier, "block.2")).find("has 2 ViT blocks"), std::string::npos);
  OpenedModel bare{.kind = ModelKind::classifier, .options = small_model()};
  bare.options.fusion.kind = FusionKind::none;
  EXPECT_THROW(check_outputs({"l1"}, bare, "w"), UsageError);
  EXPECT_NO_THROW(check_outputs({"attention.1"}, bare, "w"));
  for (const char* name : {"block.", "block.-1", "block.01", "block.x", "attention.1.2", "llm.0"})
    EXPECT_THROW(parse_outputs(name), UsageError) << name;
}

TEST(ParseOutputs, NamesTheNearest) {
  EXPECT_EQ(parse_outputs("mae, logits"), (Outputs{"logits", "mae"}));
  try {
    parse_outputs("logits,entrpy");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("features"), std::string::npos);
    EXPECT_EQ(error.hint(), "did you mean entropy?");
  }
  EXPECT_THROW(parse_outputs(""), UsageError);
  EXPECT_THROW(parse_outputs("logits,,mae"), UsageError);
}

}  // namespace
}  // namespace luvit
