#include <gtest/gtest.h>

#include <fstream>

#include "rank_group.h"
#include "small_evaluation.h"

// luvit_eval as people run it: on one and several ranks, in any batch, asked for this and that.

namespace luvit::test {
namespace {

using Json = nlohmann::ordered_json;

// Paths of a file of predictions, in its order.
std::vector<std::string> paths_in(const std::string& csv) {
  std::vector<std::string> paths;
  std::istringstream lines(file_text(csv));
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line);) paths.push_back(line.substr(0, line.find(',')));
  return paths;
}

std::vector<std::string> images_below(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) paths.push_back(fs::relative(entry.path(), folder).string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST(Eval, SaysTheSameOnAnyNumberOfRanksAndInAnyBatch) {
  const SmallEvaluation small;
  const Result one = small.eval("one");
  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.err, "");
  const std::string expected = small.found("one");
  const Json results = small.results("one"), photos = results["suites"]["photos"];
  EXPECT_EQ(photos["n"], 150);
  EXPECT_GT(photos["top1"], 0.0);
  EXPECT_LT(photos["top1"], 1.0);
  EXPECT_EQ(results["suites"]["few"]["n"], 5);
  EXPECT_EQ(results["suites"]["knn"]["n"], 75);
  for (const char* file :
       {"config.yaml", "env.json", "eval.log", "metrics.jsonl", "report.html", "predictions/knn.csv"})
    EXPECT_TRUE(fs::exists(small.at("one") + "/" + file)) << file;
  EXPECT_EQ(results["provenance"]["weights_sha256"], hash_of(small.at("model.safetensors")));

  // A rank of several computes on fewer threads: two, one, one on two cores.
  struct Start {
    const char *ranks, *batch, *workers;
  };
  for (const Start start : {Start{"1", "1", "3"},
                            {"1", "7", "1"},
                            {"1", "500", "2"},
                            {"2", "1", "1"},
                            {"2", "50", "2"},
                            {"3", "7", "1"},
                            {"3", "64", "3"}}) {
    const std::string output = std::string("ranks") + start.ranks + "-" + start.batch;
    const Result many = small.eval(output, {"--ranks", start.ranks, std::string("batch_size=") + start.batch,
                                            std::string("workers=") + start.workers});
    ASSERT_EQ(many.code, 0) << many.err;
    EXPECT_EQ(small.found(output), expected) << start.ranks << " ranks, batches of " << start.batch;
    EXPECT_EQ(paths_in(small.at(output + "/predictions/photos.csv")), images_below(small.at("data")));
    EXPECT_EQ(paths_in(small.at(output + "/predictions/few.csv")), images_below(small.at("few")));
  }
}

TEST(Eval, TimesThePassesAlone) {
  const SmallEvaluation small;
  ASSERT_EQ(small.eval("one").code, 0);
  const Json timing = small.results("one")["timing"];
  EXPECT_EQ(timing["images_computed"], 150 + 5 + 75 + 150);  // and those that k-NN learns from
  EXPECT_GT(timing["computing_seconds"], 0.0);
  EXPECT_LT(timing["computing_seconds"], timing["seconds"]);
  EXPECT_DOUBLE_EQ(timing["images_per_second"], 380 / timing["computing_seconds"].get<double>());
  // The same command again computes nothing, and says the same.
  const std::string expected = small.found("one");
  const Result again = small.eval("one");
  EXPECT_NE(again.out.find("photos: 1 of 1 parts were done before"), std::string::npos) << again.out;
  EXPECT_EQ(small.found("one"), expected);
  EXPECT_EQ(small.results("one")["timing"]["images_computed"], 0);
  EXPECT_TRUE(small.results("one")["timing"]["images_per_second"].is_null());
  EXPECT_EQ(small.eval("one", {"--resume", "none"}).code, 2);
}

TEST(Eval, AFolderIsOfOneModel) {
  const SmallEvaluation small;
  ASSERT_EQ(small.eval("one").code, 0);
  ASSERT_TRUE(fs::exists(small.at("one/predictions/photos.csv")));
  // The same weights without predictions leave none behind.
  ASSERT_EQ(small.eval("one", {"predictions=false"}).code, 0);
  EXPECT_FALSE(fs::exists(small.at("one/predictions/photos.csv")));
  const std::string kept = small.found("one");
  auto words = small.words("one", {"suites.photos=null", "suites.few=null"});
  const auto weights = std::find(words.begin(), words.end(), "--weights");
  ASSERT_NE(weights, words.end());
  *(weights + 1) = small.at("pretrained.safetensors");
  for (const bool dry : {false, true}) {
    auto asked = words;
    if (dry) asked.push_back("--dry-run");
    const Result other = run("luvit_eval", asked);
    EXPECT_EQ(other.code, 2) << other.out;
    EXPECT_NE(other.err.find("holds the evaluation of other weights"), std::string::npos) << other.err;
  }
  EXPECT_EQ(small.found("one"), kept);
  fs::create_directories(small.at("run/checkpoints"));
  const Result training = small.eval("run");
  EXPECT_EQ(training.code, 2);
  EXPECT_NE(training.err.find("holds a training run"), std::string::npos) << training.err;
}

TEST(Eval, IsStartedByALauncherToo) {
  const SmallEvaluation small;
  ASSERT_EQ(small.eval("one").code, 0);
  RankGroup ranks(2, "luvit_eval");
  for (int rank = 0; rank < 2; ++rank) ranks.start(small.words("two"));
  for (const Result& result : ranks.wait()) ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(small.found("two"), small.found("one"));
}

TEST(Eval, SpeaksOfEvaluating) {
  const SmallEvaluation small;
  const Result result = small.eval("one", {"device=auto"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out.find("training"), std::string::npos) << result.out;
  const bool on_cpu = result.out.find(", on cpu with") != std::string::npos;
  EXPECT_EQ(result.out.find("no CUDA device is found: evaluating on the CPU") != std::string::npos, on_cpu);
  if (!on_cpu) return;
  const Result cuda = small.eval("x", {"device=cuda"});
  EXPECT_EQ(cuda.code, 2);
  EXPECT_NE(cuda.err.find("error: device: cuda, but no CUDA device is found"), std::string::npos) << cuda.err;
  EXPECT_EQ(cuda.last_error_line(), "hint: check nvidia-smi, or set device=cpu");
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
                         small.at("features"), "suites.photos=null", "suites.few=null"});
  EXPECT_EQ(features.code, 0) << features.err;
  EXPECT_NE(run("luvit_eval", {"--help", "suites.any.temperature"}).out.find("exp(cosine / temperature)"),
            std::string::npos);
  EXPECT_NE(run("luvit_eval", {"--help"}).out.find("suites.NAME.class_map"), std::string::npos);
  EXPECT_NE(run("luvit_eval", {"--version"}).out.find("luvit "), std::string::npos);
}

}  // namespace
}  // namespace luvit::test
