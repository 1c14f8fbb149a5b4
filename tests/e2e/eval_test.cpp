#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "luvit/models/initial_values.h"
#include "luvit/weights/model_file.h"
#include "rank_group.h"
#include "small_run.h"

// luvit_eval as people run it: on one and several ranks, cut off and gone on, asked for what cannot be.

namespace luvit::test {
namespace {

using Json = nlohmann::ordered_json;

// A classifier of a few thousand parameters with names for its classes, and data sets for it.
class SmallEvaluation {
 public:
  SmallEvaluation() {
    make_images(at("data"), 150);
    OpenedModel model{.kind = ModelKind::classifier};
    model.options = {.image_size = 32, .patch_size = 8, .dim = 24, .depth = 2, .heads = 2, .classes = 4};
    model.options.fusion = {
        .dim = 32, .heads = 4, .kv_heads = 2, .hidden = 48, .weights = "random", .lora = {.rank = 2}};
    model.preprocess = {.resize = 36, .crop = 32};
    model.classes = {"class0", "class1", "class2", "class3"};
    save("model.safetensors", model);
    model.kind = ModelKind::pretraining;
    save("pretrained.safetensors", model);
    write_config(
        "suites:\n"
        "  - {name: photos, kind: folder, data: " +
        at("data") +
        "}\n"
        "  - {name: knn, kind: knn, data: " +
        at("data") + ", train: " + at("data") +
        ", k: 5, every: 2}\n"
        "device: cpu\n");
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  void write_config(const std::string& text) const { std::ofstream(folder_ / "eval.yaml") << text; }
  std::vector<std::string> words(const std::string& output, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"--config", at("eval.yaml"), "--weights", at("model.safetensors")};
    if (!output.empty()) words.insert(words.end(), {"--output", at(output)});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Result eval(const std::string& output, const std::vector<std::string>& more = {}) const {
    return run("luvit_eval", words(output, more));
  }
  // results.json but for its timing, and all predictions.
  std::string found(const std::string& output) const {
    Json results = Json::parse(file_text(at(output + "/results.json")));
    EXPECT_TRUE(results.contains("timing"));
    results.erase("timing");
    std::string text = results.dump(1);
    for (const auto& [name, suite] : results["suites"].items())
      text += file_text(at(output + "/predictions/" + name + ".csv"));
    return text;
  }

 private:
  void save(const std::string& name, const OpenedModel& description) const {
    const auto model = make_model(description);
    initialise(*model, description.options, {.seed = 5});
    if (auto* classifier = dynamic_cast<Classifier*>(model.get())) {  // logits that differ from image to image
      const at::NoGradGuard no_gradients;
      classifier->head.weight.copy_(
          at::sin(at::arange(classifier->head.weight.numel(), at::kFloat) * 1.7).view_as(classifier->head.weight) * 3);
    }
    save_model(folder_ / name, *model, description);
  }
  TemporaryFolder folder_;
};

TEST(Eval, SaysTheSameOnAnyNumberOfRanksAndInAnyBatch) {
  const SmallEvaluation small;
  const Result one = small.eval("one");
  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.err, "");
  const std::string expected = small.found("one");
  const Json photos = Json::parse(file_text(small.at("one/results.json")))["suites"]["photos"];
  EXPECT_EQ(photos["n"], 150);
  EXPECT_GT(photos["top1"], 0.0);
  EXPECT_LT(photos["top1"], 1.0);
  for (const char* file :
       {"config.yaml", "env.json", "eval.log", "metrics.jsonl", "report.html", "predictions/knn.csv"})
    EXPECT_TRUE(fs::exists(small.at("one") + "/" + file)) << file;
  EXPECT_EQ(Json::parse(file_text(small.at("one/results.json")))["provenance"]["weights_sha256"],
            hash_of(small.at("model.safetensors")));

  ASSERT_EQ(small.eval("small", {"batch_size=1", "workers=3"}).code, 0);
  EXPECT_EQ(small.found("small"), expected);
  for (const char* ranks : {"2", "3"}) {
    const Result many = small.eval(std::string("ranks") + ranks, {"--ranks", ranks, "batch_size=50"});
    ASSERT_EQ(many.code, 0) << many.err;
    EXPECT_EQ(small.found(std::string("ranks") + ranks), expected) << ranks << " ranks";
  }
  // The same command again computes nothing, and says the same.
  const Result again = small.eval("one");
  EXPECT_NE(again.out.find("photos: 1 of 1 parts were done before"), std::string::npos) << again.out;
  EXPECT_EQ(small.found("one"), expected);
  EXPECT_EQ(small.eval("one", {"--resume", "none"}).code, 2);
}

TEST(Eval, IsStartedByALauncherToo) {
  const SmallEvaluation small;
  ASSERT_EQ(small.eval("one").code, 0);
  // RankGroup starts luvit_pretrain; these are luvit_eval's.
  std::vector<std::unique_ptr<Process>> ranks;
  for (int rank = 0; rank < 2; ++rank)
    ranks.push_back(std::make_unique<Process>(
        "luvit_eval", small.words("two"),
        std::vector<std::string>{"RANK=" + std::to_string(rank), "LOCAL_RANK=" + std::to_string(rank), "WORLD_SIZE=2",
                                 "LOCAL_WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1", "MASTER_PORT=29731"}));
  for (auto& rank : ranks) {
    const Result result = rank->wait();
    ASSERT_EQ(result.code, 0) << result.err;
  }
  EXPECT_EQ(small.found("two"), small.found("one"));
}

std::string corruptions(const SmallEvaluation& small, const std::string& more = "") {
  return "suites:\n  - {name: made, kind: imagenet_c, generate: true, data: " + small.at("val") +
         ", corruptions: [glass_blur, fog], preprocess: {resize: 36}" + more + "}\ndevice: cpu\nworkers: 1\n";
}

// A model of ImageNet's classes is not needed where the weights name WordNet ids.
void make_wordnet(const SmallEvaluation& small) {
  const std::vector<std::string> ids = {"n01440764", "n01443537", "n01484850", "n01491361"};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    fs::create_directories(small.at("val"));
    fs::rename(small.at("data/class" + std::to_string(i)), small.at("val/" + ids[i]));
  }
  OpenedModel model = describe_model(small.at("model.safetensors"));
  const auto loaded = make_model(model);
  load_model(*loaded, small.at("model.safetensors"));
  model.classes = ids;
  save_model(small.at("model.safetensors"), *loaded, model);
}

TEST(Eval, GoesOnWhereItWasKilled) {
  const SmallEvaluation small;
  make_wordnet(small);
  small.write_config(corruptions(small, ", every: 6"));
  const Result whole = small.eval("whole");
  ASSERT_EQ(whole.code, 0) << whole.err;
  EXPECT_NE(whole.out.find("made: imagenet_c (generated), 250 images in 10 parts"), std::string::npos) << whole.out;
  for (const int with : {SIGKILL, SIGTERM}) {
    const std::string output = with == SIGKILL ? "killed" : "stopped";
    Process first("luvit_eval", small.words(output));
    ASSERT_TRUE(
        first.wait_until([&] { return fs::exists(small.at(output + "/partial/made/glass_blur-1.safetensors")); }));
    first.signal(with);
    EXPECT_EQ(first.wait().code, with == SIGKILL ? -SIGKILL : 75);
    EXPECT_FALSE(fs::exists(small.at(output + "/results.json")));
    const Result second = small.eval(output, {"--ranks", "2"});
    ASSERT_EQ(second.code, 0) << second.err;
    EXPECT_NE(second.out.find("of 10 parts were done before"), std::string::npos) << second.out;
    EXPECT_EQ(small.found(output), small.found("whole"));
  }
  const Json made = Json::parse(file_text(small.at("whole/results.json")))["suites"]["made"];
  EXPECT_EQ(made["generated"], true);
  EXPECT_EQ(made["cells"]["fog"].size(), 5u);
}

TEST(Eval, AnswersWhatCannotBe) {
  const SmallEvaluation small;
  const auto expect = [&](const Result& result, int code, const std::string& text) {
    EXPECT_EQ(result.code, code) << text << "\n" << result.err;
    EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
    EXPECT_TRUE(result.last_error_line().starts_with("hint: ")) << result.err;
  };
  expect(small.eval("x", {"suites.photos.kind=coco"}), 2, "key `suites.photos.kind`: coco is not in this version");
  expect(small.eval("x", {"suites.photos.kind=imagenet"}), 3, "the model has 4 classes of other names");
  expect(small.eval("x", {"suites.photo.data=a"}), 2, "`suites` has no entry `photo`; it has photos, knn");
  expect(small.eval("x", {"suites.photos.dta=a"}), 2, "did you mean `suites.photos.data`?");
  expect(small.eval("x", {"suites.photos.k=3"}), 2, "key `suites.photos.k`: it belongs to kind: knn");
  expect(small.eval("x", {"suites.photos.data=" + small.at("nowhere")}), 3, "nowhere: no such file or folder");
  expect(small.eval("x", {"preprocess.crop=64"}), 2, "preprocess.crop 64, the model takes 32×32");
  expect(small.eval("x", {"precision=float16"}), 2, "expected one of float32, bfloat16");
  expect(small.eval("x", {"device=cuda"}), 2, "cuda");
  expect(small.eval(""), 2, "--output: required");
  expect(run("luvit_eval", {"--config", small.at("eval.yaml"), "--output", small.at("x")}), 2, "--weights: required");
  expect(
      run("luvit_eval", {"--config", small.at("eval.yaml"), "--output", small.at("x"), "--weights", small.at("none")}),
      3, small.at("none"));
  expect(run("luvit_eval", {"--config", small.at("eval.yaml"), "--output", small.at("x"), "--weights",
                            small.at("pretrained.safetensors")}),
         3, "suites.photos needs a classifier");
  expect(run("luvit_eval", {"corrupted"}), 2, "`corrupted` is neither");
  EXPECT_FALSE(fs::exists(small.at("x/results.json")));
  std::ofstream(small.at("data/class1/zz.png")) << "no picture";
  expect(small.eval("x"), 3, "class1/zz.png");
  expect(small.eval("y", {"--ranks", "2"}), 3, "class1/zz.png");
  fs::create_directories(small.at("data/dragons"));
  fs::rename(small.at("data/class1/zz.png"), small.at("data/dragons/zz.png"));
  expect(small.eval("x"), 3, "1 of 5 class folders are unknown (dragons)");
}

TEST(Eval, TellsWithoutRunning) {
  const SmallEvaluation small;
  const Result printed = small.eval("", {"--print-config", "suites.knn.k=7"});
  EXPECT_EQ(printed.code, 0);
  EXPECT_NE(printed.out.find("- {name: knn, kind: knn, "), std::string::npos) << printed.out;
  EXPECT_NE(printed.out.find("k: 7"), std::string::npos);
  const Result dry = small.eval("", {"--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_NE(dry.out.find("photos: folder, 150 images"), std::string::npos) << dry.out;
  const Result features =
      run("luvit_eval", {"--config", small.at("eval.yaml"), "--weights", small.at("pretrained.safetensors"), "--output",
                         small.at("features"), "suites.photos=null"});
  EXPECT_EQ(features.code, 0) << features.err;
  EXPECT_NE(run("luvit_eval", {"--help", "suites.any.temperature"}).out.find("exp(cosine / temperature)"),
            std::string::npos);
  EXPECT_NE(run("luvit_eval", {"--help"}).out.find("suites.NAME.class_map"), std::string::npos);
  EXPECT_NE(run("luvit_eval", {"--version"}).out.find("luvit "), std::string::npos);
}

}  // namespace
}  // namespace luvit::test
