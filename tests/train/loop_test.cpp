#include "luvit/train/loop.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "fake_task.h"
#include "luvit/core/error.h"
#include "luvit/core/signals.h"
#include "luvit/io/safetensors.h"
#include "luvit/train/shared_optimizer.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

class LoopTest : public ::testing::Test {
 protected:
  Outcome train(FakeTask& task, bool float16, std::optional<double> clip = {}) {
    RunFolder folder(path_ / "run");
    folder.open("train: {}\n", {});
    OptimOptions optim;
    optim.clip_grad = clip;
    optim.warmup_epochs = 0;
    Team alone;
    BadFiles bad_files(alone, folder, /*max_bad=*/0);
    SharedOptimizer optimizer(alone.ranks(), parameter_groups(task.model_, optim, Stage::pretraining, 1), optim, false);
    LossScale scale(float16, /*initial=*/4.0);
    LoopOptions options{.last_step = 6, .steps_per_epoch = 4, .micro_batch = 2, .batch_size = 2, .peak_lr = 0.1};
    options.optim = optim;
    options.log.every = 100;
    Loop loop({alone, task, optimizer, scale, folder, bad_files}, options,
              [this](std::int64_t step) { saved_.push_back(step); });
    return loop.run();
  }
  std::string metrics() const {
    std::ifstream file(path_ / "run/metrics.jsonl");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  TemporaryFolder folder_;
  const fs::path& path_ = folder_.path();
  std::vector<std::int64_t> saved_;
};

using At = FakeTask::At;

TEST_F(LoopTest, Float16SkipsABadGradientAndHalvesTheScale) {
  FakeTask task([](std::int64_t step) { return step == 3 ? At::gradient : At::nothing; });
  EXPECT_EQ(train(task, /*float16=*/true), Outcome::finished);
  const std::string text = metrics();
  const auto at = text.find("\"step\":3,");
  ASSERT_NE(at, std::string::npos) << "a skipped step is told whatever log.every is: " << text;
  const std::string line = text.substr(at, text.find('\n', at) - at);
  EXPECT_NE(line.find("\"skipped\":true"), std::string::npos) << line;
  EXPECT_NE(text.find("\"loss_scale\":2"), std::string::npos) << text;
  EXPECT_TRUE(task.model_.weight.isfinite().all().item<bool>());
}

TEST_F(LoopTest, Float16EndsWhenTheScaleFallsBelowOne) {
  FakeTask task([](std::int64_t) { return At::gradient; });
  try {
    train(task, /*float16=*/true);
    FAIL() << "the run should have ended";
  } catch (const RunError& error) {
    EXPECT_NE(std::string(error.what()).find("step 3, rank 0"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("scale"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(saved_.empty());
}

TEST_F(LoopTest, ABadGradientEndsTheRunAndItsLayerIsNamedThoughGradientsAreClipped) {
  FakeTask task([](std::int64_t step) { return step == 2 ? At::gradient : At::nothing; });
  EXPECT_THROW(train(task, /*float16=*/false, /*clip=*/1.0), RunError);
  std::ifstream file(path_ / "run/nonfinite/step-000002-rank-0.json");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("\"weight\": \"inf\""), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("\"other\": 1.4"), std::string::npos) << text.str();
  EXPECT_TRUE(fs::exists(path_ / "run/nonfinite/step-000002-rank-0.safetensors"));
}

TEST_F(LoopTest, ABadLossLeavesTheWeightsOfTheStepBefore) {
  at::Tensor before;
  FakeTask* seen = nullptr;
  FakeTask task([&](std::int64_t step) {
    if (step == 5) before = seen->model_.weight.detach().clone();
    return step == 5 ? At::loss : At::nothing;
  });
  seen = &task;
  EXPECT_THROW(train(task, /*float16=*/false), RunError);
  EXPECT_TRUE(task.model_.weight.equal(before));
  EXPECT_TRUE(saved_.empty() || saved_.back() < 5);
}

TEST_F(LoopTest, WhatAKilledRunLeftHalfWrittenIsRemoved) {
  const fs::path pictures = path_ / "run/reconstructions",
                 checkpoint = path_ / "run/checkpoints/step-00000004.luvit-tmp";
  fs::create_directories(pictures);
  fs::create_directories(checkpoint);
  for (const fs::path& file : {pictures / "step-00000004.png.17.luvit-tmp", pictures / "step-00000004.png",
                               checkpoint / "model.safetensors", path_ / "run/config.yaml.17.luvit-tmp"})
    std::ofstream(file) << "x";
  RunFolder(path_ / "run").open("train: {}\n", {});
  for (const auto& entry : fs::recursive_directory_iterator(path_))
    EXPECT_FALSE(entry.path().string().ends_with(".luvit-tmp")) << entry.path();
  EXPECT_TRUE(fs::exists(pictures / "step-00000004.png"));
}

TEST_F(LoopTest, AStopBeforeTheFirstStepSavesNothingAndSaysSo) {
  FakeTask task([](std::int64_t) { return At::nothing; });
  request_stop_for_test();
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(train(task, /*float16=*/false), Outcome::stopped);
  clear_stop_for_test();
  const std::string said = ::testing::internal::GetCapturedStdout();
  EXPECT_NE(said.find("before step 1: nothing new to save; run the same command again"), std::string::npos) << said;
  EXPECT_TRUE(saved_.empty());
}

TEST_F(LoopTest, AStopAsksForACheckpointOfTheStepInHand) {
  FakeTask task([](std::int64_t step) {
    if (step == 3) request_stop_for_test();
    return At::nothing;
  });
  EXPECT_EQ(train(task, /*float16=*/false), Outcome::stopped);
  clear_stop_for_test();
  EXPECT_EQ(saved_, std::vector<std::int64_t>({3}));
}

}  // namespace
}  // namespace luvit
