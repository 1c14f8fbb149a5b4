#include <gtest/gtest.h>

#include "luvit/io/safetensors.h"
#include "small_run.h"

// luvit_infer as a person runs it on what luvit_pretrain left.

namespace luvit::test {
namespace {

TEST(Infer, DrawsTheReconstructionsOfATrainedModel) {
  const SmallRun run;
  ASSERT_EQ(run.train("run").code, 0);
  const std::string out = run.at("out.safetensors").string(), pictures = run.at("pictures").string();
  const Result result = test::run(
      "luvit_infer", {"--weights", run.at("run/model.safetensors").string(), "--images",
                      (run.data() / "class0").string(), "--emit", "mae", "--out", out, "--pictures", pictures});
  ASSERT_EQ(result.code, 0) << result.err;
  const SafetensorsFile file(out);
  for (const char* name : {"loss", "pred", "mask"}) EXPECT_TRUE(file.has(name)) << name;
  EXPECT_EQ(file.read("pred").sizes(), at::IntArrayRef({16, 16, 192}));
  EXPECT_NE(file.metadata().at("paths").find("1000.png"), std::string::npos);
  std::int64_t drawn = 0;
  for (const auto& entry : fs::directory_iterator(pictures)) drawn += entry.path().extension() == ".png";
  EXPECT_EQ(drawn, 16);
}

TEST(Infer, AnswersWeightsThatAreNone) {
  const SmallRun run(4);
  const std::string out = run.at("out.safetensors").string();
  for (const std::string& weights : {run.at("nowhere.safetensors").string(), run.config().string()}) {
    const Result result = test::run(
        "luvit_infer", {"--weights", weights, "--images", run.data().string(), "--emit", "features", "--out", out});
    EXPECT_EQ(result.code, 3) << result.err;
    EXPECT_NE(result.err.find(weights), std::string::npos) << result.err;
    EXPECT_TRUE(result.last_error_line().starts_with("hint: ")) << result.err;
    EXPECT_FALSE(fs::exists(out));
  }
}

}  // namespace
}  // namespace luvit::test
