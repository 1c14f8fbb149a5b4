#include <gtest/gtest.h>
#include <signal.h>

#include "luvit/core/random.h"
#include "small_run.h"

namespace luvit::test {
namespace {

TEST(Resume, StopAndGoOnEndsInTheSameBytes) {
  const SmallRun run;
  ASSERT_EQ(run.train("whole").code, 0);
  for (const char* stop : {"train.stop_after_steps=3", "train.stop_after_steps=9"}) {
    ASSERT_EQ(run.train("parts", {stop}).code, 75);
    EXPECT_FALSE(fs::exists(run.at("parts") / "model.safetensors"));
  }
  const Result reached = run.train("parts", {"train.stop_after_steps=9"});
  EXPECT_EQ(reached.code, 75) << "already reached";
  EXPECT_NE(reached.out.find("stopped by train.stop_after_steps before step 10: nothing new to save"),
            std::string::npos)
      << reached.out;
  ASSERT_EQ(run.train("parts").code, 0);
  EXPECT_EQ(hash_of(run.at("parts") / "model.safetensors"), hash_of(run.at("whole") / "model.safetensors"));
  EXPECT_EQ(step_losses(run.at("parts")), step_losses(run.at("whole")));
  const Result again = run.train("parts");
  EXPECT_EQ(again.code, 0) << "a run at its last step has nothing to do";
  EXPECT_NE(again.out.find("already at its last step, 16"), std::string::npos) << again.out;
}

TEST(Resume, AnEndThatIsAlreadyPassedIsWarnedOf) {
  const SmallRun run;
  ASSERT_EQ(run.train("a", {"train.stop_after_steps=12"}).code, 75);
  const Result shorter = run.train("a", {"train.steps=8", "--allow-change", "train.steps"});
  EXPECT_EQ(shorter.code, 0) << shorter.err;
  EXPECT_NE(shorter.err.find("step 12, past the end of the run as it is now, step 8"), std::string::npos)
      << shorter.err;
}

TEST(Resume, NeitherWorkersNorMicroBatchesNorTheFolderMatter) {
  const SmallRun run;
  ASSERT_EQ(run.train("a").code, 0);
  const std::string hash = hash_of(run.at("a") / "model.safetensors");
  ASSERT_EQ(run.train("b", {"data.workers=5"}).code, 0);
  EXPECT_EQ(hash_of(run.at("b") / "model.safetensors"), hash);
  ASSERT_EQ(run.train("c", {"--resume", (run.at("a") / "checkpoints/step-00000008").string()}).code, 0);
  EXPECT_EQ(hash_of(run.at("c") / "model.safetensors"), hash);
}

// It is in the checkpoint; and so are its rank, alpha and targets, which nobody wrote.
TEST(Resume, AnAdapterIsNeededAtTheStartOnly) {
  const SmallRun run;
  const fs::path adapter = run.at("adapter.safetensors");
  write_adapter(adapter, 1);
  std::string text = run.config_text();
  const std::string written = "lora: {rank: 2, alpha: 4}";
  text.replace(text.find(written), written.size(), "lora: {weights: " + adapter.string() + "}");
  run.write_config(text);
  ASSERT_EQ(run.train("whole").code, 0);
  ASSERT_EQ(run.train("parts", {"train.stop_after_steps=8"}).code, 75);
  fs::remove(adapter);
  const Result resumed = run.train("parts");
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(hash_of(run.at("parts") / "model.safetensors"), hash_of(run.at("whole") / "model.safetensors"));
  const Result anew = run.train("anew");
  EXPECT_EQ(anew.code, 3);
  EXPECT_NE(anew.err.find(adapter.string()), std::string::npos) << anew.err;
}

TEST(Resume, AnotherSeedIsAnotherRun) {  // what the equalities above would miss if the weights never moved
  const SmallRun run;
  ASSERT_EQ(run.train("a").code, 0);
  ASSERT_EQ(run.train("b", {"train.seed=6"}).code, 0);
  EXPECT_NE(hash_of(run.at("a") / "model.safetensors"), hash_of(run.at("b") / "model.safetensors"));
}

TEST(Resume, RefusesAnAlteredConfigUnlessTold) {
  const SmallRun run;
  ASSERT_EQ(run.train("a", {"train.stop_after_steps=4"}).code, 75);
  const Result refused = run.train("a", {"optim.lr=0.002"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("optim.lr: 0.003"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("0.002"), std::string::npos) << refused.err;
  EXPECT_EQ(run.train("a", {"--allow-change", "optim.lr", "optim.lr=0.002"}).code, 0);
  EXPECT_EQ(run.train("a", {"--resume", "none"}).code, 2);
  EXPECT_EQ(run.train("b", {"--resume", run.at("nothing").string()}).code, 3);
}

TEST(Resume, OtherImagesAreAnotherRun) {
  const SmallRun run;
  ASSERT_EQ(run.train("a", {"train.stop_after_steps=4"}).code, 75);
  fs::copy(run.data() / "class0/1000.png", run.data() / "class0/0999.png");
  const Result refused = run.train("a");
  EXPECT_EQ(refused.code, 3) << refused.err;
  EXPECT_NE(refused.err.find("65 images"), std::string::npos) << refused.err;
  EXPECT_EQ(run.train("a", {"--allow-change", "data.train"}).code, 0);
}

TEST(Resume, ACheckpointBehindANewerOneIsRefused) {
  const SmallRun run;
  ASSERT_EQ(run.train("a").code, 0);
  const Result refused = run.train("a", {"--resume", (run.at("a") / "checkpoints/step-00000008").string()});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("step-00000016"), std::string::npos) << refused.err;
}

TEST(Resume, AnEvaluationThatWasCutOffIsMadeUpFor) {
  const SmallRun run;
  const std::vector<std::string> with_val = {"data.val=" + run.data().string(), "eval.every_epochs=1"};
  ASSERT_EQ(run.train("a", with_val).code, 0);
  const fs::path metrics = run.at("a") / "metrics.jsonl";
  const std::string whole = file_text(metrics);
  const auto last = whole.rfind("{\"kind\":\"eval\"");
  ASSERT_NE(last, std::string::npos);
  fs::resize_file(metrics, last);
  ASSERT_EQ(run.train("a", with_val).code, 0);
  EXPECT_EQ(file_text(metrics).substr(last), whole.substr(last, whole.find('\n', last) + 1 - last));
}

TEST(Resume, ADamagedCheckpointIsSkippedAndReplaced) {
  const SmallRun run;
  ASSERT_EQ(run.train("whole").code, 0);
  ASSERT_EQ(run.train("a", {"train.stop_after_steps=8"}).code, 75);
  const fs::path damaged = run.at("a") / "checkpoints/step-00000008/optimizer.safetensors";
  fs::resize_file(damaged, fs::file_size(damaged) - 5);
  const Result resumed = run.train("a");
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_NE(resumed.err.find("step-00000008"), std::string::npos) << resumed.err;
  EXPECT_NE(resumed.out.find("step-00000004"), std::string::npos) << resumed.out;
  EXPECT_EQ(hash_of(run.at("a") / "model.safetensors"), hash_of(run.at("whole") / "model.safetensors"));
}

TEST(Resume, KilledAtTwentyRandomMomentsEndsInTheSameBytes) {
  const SmallRun run;
  ASSERT_EQ(run.train("whole", {"checkpoint.every_steps=1", "train.steps=160"}).code, 0);
  Random random(11, "kills", Purpose::synthetic);
  int killed = 0;
  while (killed < 20) {
    Process process("luvit_pretrain", run.words("killed", {"checkpoint.every_steps=1", "train.steps=160"}));
    const int target = static_cast<int>(random.below(15)) + 1;
    const auto delay = std::chrono::microseconds(random.below(30000));
    const fs::path metrics = run.at("killed") / "metrics.jsonl";
    const auto lines = [&] {
      const std::string text = fs::exists(metrics) ? file_text(metrics) : "";
      return std::count(text.begin(), text.end(), '\n');
    };
    const auto before = lines();
    process.wait_until([&] { return lines() >= before + target % 3 + 1; });
    const auto until = std::chrono::steady_clock::now() + delay;
    process.wait_until([&] { return std::chrono::steady_clock::now() >= until; });
    if (!process.running()) break;
    process.signal(SIGKILL);
    EXPECT_EQ(process.wait().code, -SIGKILL);
    ++killed;
  }
  EXPECT_EQ(killed, 20);
  const Result last = run.train("killed", {"checkpoint.every_steps=1", "train.steps=160"});
  ASSERT_EQ(last.code, 0) << last.err;
  EXPECT_EQ(hash_of(run.at("killed") / "model.safetensors"), hash_of(run.at("whole") / "model.safetensors"));
  EXPECT_EQ(step_losses(run.at("killed")), step_losses(run.at("whole")));
}

class Signals : public ::testing::TestWithParam<int> {};

TEST_P(Signals, StopWithACheckpoint) {
  const SmallRun run;
  ASSERT_EQ(run.train("whole", {"train.steps=60"}).code, 0);
  Process process("luvit_pretrain", run.words("a", {"train.steps=60"}));
  const fs::path first = run.at("a") / "checkpoints/step-00000004";
  ASSERT_TRUE(process.wait_until([&] { return fs::exists(first); }));
  process.signal(GetParam());
  const Result stopped = process.wait();
  EXPECT_EQ(stopped.code, 75) << stopped.err;
  EXPECT_FALSE(fs::exists(run.at("a") / "model.safetensors"));
  ASSERT_EQ(run.train("a", {"train.steps=60"}).code, 0);
  EXPECT_EQ(hash_of(run.at("a") / "model.safetensors"), hash_of(run.at("whole") / "model.safetensors"));
}

INSTANTIATE_TEST_SUITE_P(All, Signals, ::testing::Values(SIGTERM, SIGINT, SIGUSR1));

}  // namespace
}  // namespace luvit::test
