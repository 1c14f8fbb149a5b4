#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "luvit/data/image.h"
#include "luvit/io/csv.h"
#include "luvit/io/safetensors.h"
#include "luvit/models/initial_values.h"
#include "luvit/weights/model_file.h"
#include "small_run.h"

// imagenet_s suites as people run them, against an independent Python's figures on a made-up tree
// (scripts/fixtures/analysis.py).

namespace luvit::test {
namespace {

using Json = nlohmann::ordered_json;

const fs::path fixture = fs::path(LUVIT_SOURCE_DIR) / "tests/parity/fixtures/imagenet_s";

constexpr std::uint64_t filtering_control_seed = 0x6c7576697420636f;  // src/eval/filtering.h's

constexpr double tolerance = 1e-5;   // relative
constexpr double resolution = 2e-6;  // of differences between entropies, which float32 gives to about 1e-6

class Analysis {
 public:
  Analysis() : weights_((fixture / "weights.safetensors").string()) {
    write_config("maps: true, attention_of: [\"0\", llm], filtering: 8");
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  void weights(const std::string& path) { weights_ = path; }
  void write_config(const std::string& more, const fs::path& data = fixture / "images",
                    const fs::path& masks = fixture / "masks") const {
    std::ofstream(folder_ / "eval.yaml") << "suites:\n  - {name: ins, kind: imagenet_s, data: " << data.string()
                                         << ", masks: " << masks.string() << ", " << more << "}\ndevice: cpu\n";
  }
  Result eval(const std::string& output, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"--config", at("eval.yaml"), "--weights", weights_, "--output", at(output)};
    words.insert(words.end(), more.begin(), more.end());
    return run("luvit_eval", words);
  }
  Json suite(const std::string& output) const {
    return Json::parse(file_text(at(output + "/results.json")))["suites"]["ins"];
  }
  // Every byte that hangs on the images.
  std::string found(const std::string& output) const {
    std::string text = suite(output).dump();
    for (const char* file : {"ins.csv", "ins.safetensors", "ins.panels.safetensors", "ins.filtering.csv"})
      text += file_text(at(output + "/analysis/" + file));
    return text;
  }

 private:
  TemporaryFolder folder_;
  std::string weights_;
};

void expect_near(const Json& ours, const Json& theirs, const std::string& place) {
  if (theirs.is_object()) {
    for (const auto& [key, value] : theirs.items()) {
      ASSERT_TRUE(ours.contains(key)) << place << "." << key;
      expect_near(ours[key], value, place + "." + key);
    }
  } else if (theirs.is_array()) {
    ASSERT_EQ(ours.size(), theirs.size()) << place;
    for (std::size_t i = 0; i < theirs.size(); ++i) expect_near(ours[i], theirs[i], place);
  } else if (theirs.is_number()) {
    ASSERT_TRUE(ours.is_number()) << place;
    const double value = theirs.get<double>();
    EXPECT_NEAR(ours.get<double>(), value, std::max(tolerance * std::abs(value), resolution)) << place;
  } else {
    EXPECT_EQ(ours, theirs) << place;
  }
}

TEST(Analysis, GivesTheFiguresOfAnIndependentPython) {
  const Analysis analysis;
  const Result result = analysis.eval("out");
  ASSERT_EQ(result.code, 0) << result.err;
  const Json expected = Json::parse(file_text(fixture / "expected.json")), ours = analysis.suite("out");
  expect_near(ours, expected["results"], "suite");
  EXPECT_EQ(ours["kind"], "imagenet_s");

  CsvReader csv(analysis.at("out/analysis/ins.csv"));
  EXPECT_EQ(csv.columns(), (std::vector<std::string>{"path", "fg_cells", "bg_cells", "entropy_fg", "entropy_bg",
                                                     "iou_magnitude", "iou_frequency"}));
  for (const Json& line : expected["images"]) {
    ASSERT_TRUE(csv.next());
    EXPECT_EQ(csv[0], line["path"].get<std::string>());
    for (std::size_t column = 1; column < csv.columns().size(); ++column) {
      const Json& value = line[csv.columns()[column]];
      if (value.is_null())
        EXPECT_EQ(csv[column], "") << line;
      else
        EXPECT_NEAR(csv.real(column), value.get<double>(), tolerance * value.get<double>()) << line;
    }
  }
  EXPECT_FALSE(csv.next());
}

// What must not pass: the same figures after plausible mistakes lie well outside the tolerance.
TEST(Analysis, IsToldFromPlausibleMistakes) {
  const Analysis analysis;
  ASSERT_EQ(analysis.eval("out").code, 0);
  const Json wrong = Json::parse(file_text(fixture / "expected.json"))["wrong"], ours = analysis.suite("out");
  EXPECT_EQ(wrong.size(), 9u);
  for (const auto& [mistake, value] : wrong.items())
    for (const Json& right : {ours["entropy"]["fg_mean"], ours["entropy"]["bg_mean"],
                              ours["iou"]["magnitude"]["oracle"], ours["iou"]["frequency"]["oracle"]})
      EXPECT_GT(std::abs(value.get<double>() - right.get<double>()), 100 * tolerance) << mistake;
}

TEST(Analysis, WritesTheMapsOfAllImages) {
  const Analysis analysis;
  ASSERT_EQ(analysis.eval("out").code, 0);
  const SafetensorsFile ours(analysis.at("out/analysis/ins.safetensors")), theirs(fixture / "expected.safetensors");
  for (const char* name : {"entropy", "norm", "magnitude", "frequency"}) {
    const at::Tensor a = ours.read(name), b = theirs.read(name);
    ASSERT_EQ(a.sizes(), b.sizes()) << name;
    EXPECT_LT(((a - b) / b).abs().max().item<double>(), tolerance) << name;
  }
  EXPECT_TRUE(at::equal(ours.read("mask"), theirs.read("mask")));
  EXPECT_TRUE(ours.metadata().at("paths").starts_with("[\"boat/photo_01.png\", \"boat/photo_03.JPEG\""));
}

// By the expected gaps of the eleven images that have both: the three largest, those around the median, the smallest.
TEST(Analysis, ShowsTheImagesThatTheRuleChooses) {
  const Analysis analysis;
  ASSERT_EQ(analysis.eval("out").code, 0);
  const SafetensorsFile panels(analysis.at("out/analysis/ins.panels.safetensors"));
  EXPECT_EQ(Json::parse(panels.metadata().at("paths")),
            Json({"n02110341/photo_00.png", "boat/photo_03.JPEG", "boat/photo_01.png", "n02110341/photo_10.png",
                  "n02110341/photo_06.png", "boat/photo_05.png", "boat/photo_13.png", "n02110341/photo_02.png",
                  "boat/photo_09.png"}));
  // An evaluation that keeps no maps leaves none of another's behind.
  ASSERT_EQ(analysis.eval("out", {"suites.ins.maps=false"}).code, 0);
  EXPECT_FALSE(fs::exists(analysis.at("out/analysis/ins.safetensors")));
  EXPECT_TRUE(fs::exists(analysis.at("out/analysis/ins.filtering.csv")));
}

// The random control is what the trained block's figures are of a model that has that block; a permuted one is neither.
TEST(Analysis, FilteringControlsAreOtherBlocks) {
  Analysis analysis;
  ASSERT_EQ(analysis.eval("trained").code, 0);
  const fs::path weights = fixture / "weights.safetensors";
  const OpenedModel description = describe_model(weights);
  const auto model = make_model(description);
  load_model(*model, weights);
  const auto with_random_block = [&](const std::string& name, std::uint64_t seed) {
    initialise_frozen(*model, description.options, {.seed = seed});
    save_model(analysis.at(name + ".safetensors"), *model, description);
    analysis.weights(analysis.at(name + ".safetensors"));
    EXPECT_EQ(analysis.eval(name).code, 0);
    return analysis.suite(name)["filtering"];
  };
  const auto distance = [](const Json& filtering, const char* block) {
    return filtering[block]["distance"].get<double>();
  };
  const Json ours = analysis.suite("trained")["filtering"];
  expect_near(ours["random"], with_random_block("control", filtering_control_seed)["trained"], "random");
  for (const char* control : {"permuted", "random"})
    EXPECT_GT(std::abs(distance(ours, control) - distance(ours, "trained")), 1e-3) << control;
  // A model whose own block is random, as train.seed 0 draws it, has another one for its control.
  const Json random = with_random_block("random", 0);
  EXPECT_GT(std::abs(distance(random, "random") - distance(random, "trained")), 1e-3);
}

TEST(Analysis, TapsAreThoseOfAnIndependentPython) {
  const TemporaryFolder folder;
  const std::string out = (folder / "taps.safetensors").string();
  const std::vector<std::string> names = {"block.0",  "block.1", "attention.0", "attention.1", "l1",
                                          "llm_attn", "llm_ffn", "llm",         "l2",          "attention.llm"};
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
  const Result result =
      run("luvit_infer", {"--weights", (fixture / "weights.safetensors").string(), "--images",
                          (fixture / "images/boat/photo_01.png").string(), "--emit", list, "--out", out});
  ASSERT_EQ(result.code, 0) << result.err;
  const SafetensorsFile ours(out), theirs(fixture / "expected.safetensors");
  for (const std::string& name : names) {
    const at::Tensor a = ours.read(name)[0], b = theirs.read("tap." + name);
    ASSERT_EQ(a.sizes(), b.sizes()) << name;
    EXPECT_LT((a - b).abs().max().item<double>(), tolerance * b.abs().max().item<double>()) << name;
  }
}

TEST(Analysis, SaysTheSameOnAnyNumberOfRanksAndGoesOn) {
  const Analysis analysis;
  ASSERT_EQ(analysis.eval("one").code, 0);
  const std::string expected = analysis.found("one");
  const Result two = analysis.eval("two", {"--ranks", "2", "batch_size=1"});
  ASSERT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(analysis.found("two"), expected);
  const Result again = analysis.eval("one");
  EXPECT_NE(again.out.find("ins: was done before"), std::string::npos) << again.out;
  EXPECT_EQ(again.out.find(" a second"), std::string::npos) << again.out;  // nothing was looked at
  EXPECT_EQ(analysis.found("one"), expected);
}

// Pictures of whole cells, with their masks or what these leave free.
void draw_tree(const fs::path& folder, bool swapped) {
  constexpr std::int64_t side = 48, cell = 8;
  for (std::int64_t k = 0; k < 9; ++k) {
    Image image{side, side, {}}, mask{side, side, {}};
    for (std::int64_t y = 0; y < side; ++y)
      for (std::int64_t x = 0; x < side; ++x) {
        for (std::int64_t c = 0; c < 3; ++c)
          image.pixels.push_back(
              static_cast<std::uint8_t>(128 + 100 * std::sin(0.1 * static_cast<double>((k + 2) * x + c * y))));
        const bool inside = (x / cell + k) % 3 == 0 && y / cell > k % 4;
        mask.pixels.insert(mask.pixels.end(), {static_cast<std::uint8_t>(inside != swapped ? k + 1 : 0), 0, 0});
      }
    const std::string name = "a/" + std::to_string(k) + ".png";
    for (const char* part : {"images/a", "masks/a"}) fs::create_directories(folder / part);
    write_durably(folder / "images" / name, encode_png(image));
    write_durably(folder / "masks" / name, encode_png(mask));
  }
}

TEST(Analysis, SwappedMasksMirrorTheShare) {
  const Analysis analysis;
  std::vector<Json> found;
  for (const bool swapped : {false, true}) {
    draw_tree(analysis.at("tree"), swapped);
    analysis.write_config("preprocess: {resize: 48}", analysis.at("tree/images"), analysis.at("tree/masks"));
    const Result result = analysis.eval("out");  // the same folder: other masks are other work
    ASSERT_EQ(result.code, 0) << result.err;
    found.push_back(analysis.suite("out"));
  }
  const Json &plain = found[0]["entropy"], &mirrored = found[1]["entropy"];
  EXPECT_EQ(found[0]["n_used"], 9);
  EXPECT_NEAR(plain["share_bg_above_fg"].get<double>() + mirrored["share_bg_above_fg"].get<double>(), 1, 1e-12);
  EXPECT_EQ(plain["fg_mean"], mirrored["bg_mean"]);
  EXPECT_EQ(plain["bg_mean"], mirrored["fg_mean"]);
  EXPECT_NEAR(plain["interval95"][0].get<double>(), 1 - mirrored["interval95"][1].get<double>(), 1e-12);
  EXPECT_NEAR(plain["gap_mean"].get<double>(), -mirrored["gap_mean"].get<double>(), 1e-12);
}

// Queries of zeros look at all tokens alike: ln T everywhere. (197 tokens and one-hot rows:
// tests/eval/analysis_test.cpp)
TEST(Analysis, UniformAttentionHasTheLogarithmOfItsTokens) {
  Analysis analysis;
  OpenedModel description = describe_model(fixture / "weights.safetensors");
  const auto model = make_model(description);
  load_model(*model, fixture / "weights.safetensors");
  const at::NoGradGuard no_gradients;
  const Linear& qkv = model->blocks[1]->attn.qkv;
  qkv.weight.narrow(0, 0, 24).zero_();
  qkv.bias.narrow(0, 0, 24).zero_();
  save_model(analysis.at("even.safetensors"), *model, description);
  analysis.weights(analysis.at("even.safetensors"));
  analysis.write_config("maps: true");
  ASSERT_EQ(analysis.eval("out").code, 0);
  const at::Tensor entropy = SafetensorsFile(analysis.at("out/analysis/ins.safetensors")).read("entropy");
  EXPECT_NEAR(entropy.min().item<double>(), std::log(37.0), 2e-6);
  EXPECT_NEAR(entropy.max().item<double>(), std::log(37.0), 2e-6);
  EXPECT_NEAR(analysis.suite("out")["entropy"]["cls_key_excluded"]["fg_mean"].get<double>(), std::log(36.0), 2e-6);
}

TEST(Analysis, ModelsWithoutALanguageBlockSaySo) {
  Analysis analysis;
  OpenedModel description{.kind = ModelKind::encoder};
  description.options = {.image_size = 48, .patch_size = 8, .dim = 24, .depth = 2, .heads = 3};
  description.options.fusion.kind = FusionKind::none;
  description.preprocess = {.resize = 54, .crop = 48};
  const auto model = make_model(description);
  initialise(*model, description.options, {.seed = 5});
  save_model(analysis.at("vit.safetensors"), *model, description);
  analysis.weights(analysis.at("vit.safetensors"));
  const Result result = analysis.eval("out");
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.err.find("llm is left out"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("filtering is left out"), std::string::npos) << result.err;
  EXPECT_FALSE(analysis.suite("out").contains("filtering"));
  EXPECT_TRUE(analysis.suite("out")["entropy"]["blocks"].contains("0"));
}

TEST(Analysis, AnswersWhatCannotBe) {
  const Analysis analysis;
  const auto expect = [&](const Result& result, int code, const std::string& text) {
    EXPECT_EQ(result.code, code) << text << "\n" << result.err;
    EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
    EXPECT_TRUE(result.last_error_line().starts_with("hint: ")) << result.err;
  };
  expect(analysis.eval("x", {"suites.ins.masks=null"}), 2, "key `suites.ins.masks`: is required");
  expect(analysis.eval("x", {"suites.ins.threshold_split=half"}), 2, "every_second");
  expect(analysis.eval("x", {"suites.ins.attention_of=[\"2\"]"}), 2, "expected a ViT block, 0 to 1, or llm");
  expect(analysis.eval("x", {"suites.ins.masks=" + analysis.at("nowhere")}), 3, "14 of 14 images have none");
  draw_tree(analysis.at("tree"), false);
  analysis.write_config("preprocess: {resize: 48}", analysis.at("tree/images"), analysis.at("tree/masks"));
  Image other{48, 40, std::vector<std::uint8_t>(48 * 40 * 3)};
  write_durably(analysis.at("tree/masks/a/3.png"), encode_png(other));
  expect(analysis.eval("x"), 3, "tree/masks/a/3.png: a mask of 40×48 pixels; its image");
  fs::remove(analysis.at("tree/masks/a/3.png"));
  expect(analysis.eval("x"), 3, "tree/masks/a/3.png: no mask of this name");
  expect(analysis.eval("y", {"--ranks", "2"}), 3, "tree/masks/a/3.png: no mask of this name");
}

}  // namespace
}  // namespace luvit::test
