#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "small_run.h"

// luvit_bench as a person runs it: stdout is one JSON object, and a preset is the config that it is named after.

namespace luvit::test {
namespace {

nlohmann::json bench(std::vector<std::string> words) {
  for (const char* word : {"--warmup", "0", "--repeats", "1", "--threads", "1", "--json"}) words.emplace_back(word);
  const Result result = run("luvit_bench", words);
  EXPECT_EQ(result.code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(json.is_object()) << result.out;
  for (const char* key : {"what", "task", "precision", "batch", "seconds", "images_per_second", "peak_memory_bytes",
                          "threads", "device", "flops_per_image", "matmul_limit_share"})
    EXPECT_TRUE(json.contains(key)) << key << " in " << result.out;
  return json;
}

TEST(Bench, TimesAStepAndPrintsItAsJsonAlone) {
  const SmallRun small(4);
  const auto json = bench({"step", "--config", small.config().string(), "--batch", "3", "--parts"});
  EXPECT_EQ(json.at("what"), "step");
  EXPECT_EQ(json.at("batch"), 3);
  EXPECT_EQ(json.at("threads"), 1);
  EXPECT_EQ(json.at("device"), "cpu");
  EXPECT_GT(json.at("seconds").at("median"), 0);
  EXPECT_TRUE(json.at("parts").contains("forward"));
}

TEST(Bench, TimesTheLoaderAndSaysItsThreads) {
  const SmallRun small(8);
  const auto json =
      bench({"loader", "--config", small.config().string(), "--data", small.data().string(), "--batch", "8"});
  EXPECT_EQ(json.at("what"), "loader");
  EXPECT_EQ(json.at("threads"), 1);
  EXPECT_GT(json.at("images_per_second"), 0);
  const Result own = run("luvit_bench", {"loader", "--config", small.config().string(), "--data", small.data().string(),
                                         "--batch=8", "--repeats=1", "--json"});
  EXPECT_EQ(nlohmann::json::parse(own.out).at("threads"), 2) << "the config's data.workers";
}

TEST(Bench, ThePresetDemoIsTheDemosConfig) {
  const std::string config = std::string(LUVIT_SOURCE_DIR) + "/configs/demo/luvit.yaml";
  const auto preset = bench({"step", "--preset", "demo", "--batch", "1"});
  const auto demo =
      bench({"step", "--config", config, "model.fusion.weights=random", "model.fusion.dim=576", "model.fusion.heads=9",
             "model.fusion.kv_heads=3", "model.fusion.hidden=1536", "--batch", "1"});
  EXPECT_EQ(preset.at("flops_per_image"), demo.at("flops_per_image"));
}

TEST(Bench, AnswersMistakes) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {}, {"step"}, {"step", "--preset", "dmeo"}, {"loader"}, {"step", "--preset", "demo", "--device", "cuda"}}) {
    const Result result = run("luvit_bench", words, {"CUDA_VISIBLE_DEVICES="});
    EXPECT_EQ(result.code, 2) << result.err;
    EXPECT_TRUE(result.last_error_line().starts_with("hint: ")) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

}  // namespace
}  // namespace luvit::test
