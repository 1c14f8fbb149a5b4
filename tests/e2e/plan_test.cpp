#include <gtest/gtest.h>

#include "small_run.h"

namespace luvit::test {
namespace {

class PlanOfRanks : public ::testing::Test {
 protected:
  Result plan(const std::string& ranks, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"--config", run_.config().string(), "--dry-run", "--plan-ranks", ranks};
    words.insert(words.end(), more.begin(), more.end());
    return test::run("luvit_pretrain", words);
  }
  SmallRun run_;
};

TEST_F(PlanOfRanks, IsPrintedAndLeavesNothing) {
  const Result result = plan("4", {"--gpu", "A100", "train.device=cuda", "train.precision=bfloat16"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  for (const char* words : {"plan for 4 ranks", "2 images at once", "of gradients a step, in ", "activations ",
                            "with distributed.shard_optimizer", "312 TFLOP/s", "hours", "4 ranks with 2 each"})
    EXPECT_NE(result.out.find(words), std::string::npos) << words << " in " << result.out;
  for (const auto& entry : fs::directory_iterator(run_.at(".")))
    EXPECT_TRUE(entry.path().filename() == "data" || entry.path().filename() == "config.yaml") << entry.path();
}

// The plan counts a rank's memory; without one it is estimated. Not both.
TEST_F(PlanOfRanks, MemoryIsToldOnceAndSmallFiguresInUnitsOfTheirOwn) {
  const Result planned = plan("4", {"train.steps=8", "model.fusion.dim=32"});
  EXPECT_NE(planned.out.find("memory a rank"), std::string::npos) << planned.out;
  EXPECT_EQ(planned.out.find("memory estimate"), std::string::npos) << planned.out;
  EXPECT_NE(planned.out.find(" kFLOP an image forward"), std::string::npos) << planned.out;
  EXPECT_NE(planned.out.find("8: 1 epoch of 8"), std::string::npos) << planned.out;
  const Result plain = run_.train("out", {"--dry-run"});
  EXPECT_NE(plain.out.find("memory estimate"), std::string::npos) << plain.out;
  EXPECT_NE(plain.out.find("16: 2 epochs of 8"), std::string::npos) << plain.out;
}

TEST_F(PlanOfRanks, OfMoreMemoryThanTheGpuHasIsWarnedOf) {
  const std::vector<std::string> large = {"--gpu",
                                          "rtx4090",
                                          "model.dim=1024",
                                          "model.depth=4",
                                          "model.image_size=1024",
                                          "model.patch_size=16",
                                          "model.fusion={kind: none}",
                                          "mae.mask_ratio=0.01",
                                          "train.batch_size=64"};
  const Result result = plan("2", large);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.err.find("but a GPU of the kind rtx4090 has 24"), std::string::npos) << result.err << result.out;
}

TEST_F(PlanOfRanks, WrongQuestionsAreRefused) {
  const Result uneven = plan("3");
  EXPECT_EQ(uneven.code, 2);
  EXPECT_NE(uneven.err.find("8 cannot be divided among 3 ranks"), std::string::npos) << uneven.err;
  const Result unknown = plan("4", {"--gpu", "a101"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("a100, "), std::string::npos) << unknown.err;
}

}  // namespace
}  // namespace luvit::test
