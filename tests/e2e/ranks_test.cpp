#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "luvit/io/safetensors.h"
#include "rank_group.h"

// The same training on any number of ranks.

namespace luvit::test {
namespace {

const std::vector<std::string> batch_of_24 = {"train.batch_size=24", "train.steps=6", "checkpoint.every_steps=100"};

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> on_ranks(int count, const std::vector<std::string>& more = {}) {
  return with({"--ranks", std::to_string(count)}, more);
}

void expect_near(const std::map<int, double>& losses, const std::map<int, double>& expected, double tolerance) {
  ASSERT_EQ(losses.size(), expected.size());
  for (const auto& [step, loss] : expected) EXPECT_NEAR(losses.at(step), loss, tolerance * loss) << "step " << step;
}

TEST(Ranks, OneTwoThreeFourAndEightLearnTheSame) {
  const SmallRun run;
  ASSERT_EQ(run.train("1", with(batch_of_24, {"--dump-batches", "6"})).code, 0);
  const auto expected = step_losses(run.at("1"));
  for (const int ranks : {2, 3, 4, 8}) {
    const std::string name = std::to_string(ranks);
    const Result result = run.train(name, on_ranks(ranks, with(batch_of_24, {"--dump-batches", "6"})));
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    expect_near(step_losses(run.at(name)), expected, 1e-5);
    // Rank 0 took the first rows of the same global batch: same samples, crops and masks.
    for (const char* step : {"step-000001", "step-000006"}) {
      const fs::path file = fs::path("batches") / (std::string(step) + ".safetensors");
      const SafetensorsFile whole(run.at("1") / file), part(run.at(name) / file);
      for (const char* tensor : {"images", "noise", "index"})
        EXPECT_TRUE(part.read(tensor).equal(whole.read(tensor).narrow(0, 0, 24 / ranks))) << ranks << " " << tensor;
    }
    EXPECT_TRUE(fs::exists(run.at(name) / ("train.rank-" + std::to_string(ranks - 1) + ".log")));
    EXPECT_EQ(nlohmann::json::parse(file_text(run.at(name) / "env.json")).at("ranks"), ranks);
  }
}

TEST(Ranks, AccumulationChangesNothing) {
  const SmallRun run;
  ASSERT_EQ(run.train("whole", on_ranks(2)).code, 0);
  ASSERT_EQ(run.train("parts", on_ranks(2, {"train.micro_batch=3"})).code, 0);
  expect_near(step_losses(run.at("parts")), step_losses(run.at("whole")), 1e-5);
}

TEST(Ranks, SavedByTwoGoneOnWithByOthers) {
  const SmallRun run;
  const std::vector<std::string> more = with(batch_of_24, {"train.steps=12"});
  ASSERT_EQ(run.train("whole", on_ranks(2, more)).code, 0);
  for (const auto& [ranks, before, after] : std::vector<std::tuple<int, const char*, const char*>>{
           {1, "true", "true"}, {3, "false", "true"}, {4, "true", "false"}}) {
    const std::string name = std::to_string(ranks), kept = "distributed.shard_optimizer=";
    ASSERT_EQ(run.train(name, on_ranks(2, with(more, {"train.stop_after_steps=3", kept + before}))).code, 75);
    ASSERT_EQ(run.train(name, on_ranks(ranks, with(more, {kept + after}))).code, 0);
    expect_near(step_losses(run.at(name)), step_losses(run.at("whole")), 1e-5);
  }
}

TEST(Ranks, SharesOfTheOptimizerGiveTheSameBytes) {
  const SmallRun run;
  const std::vector<std::string> more = with(batch_of_24, {"train.steps=10", "optim.clip_grad=0.5"});
  ASSERT_EQ(run.train("plain", on_ranks(3, more)).code, 0);
  ASSERT_EQ(run.train("shared", on_ranks(3, with(more, {"distributed.shard_optimizer=true"}))).code, 0);
  for (const char* file : {"model.safetensors", "checkpoints/step-00000010/optimizer.safetensors"})
    EXPECT_EQ(hash_of(run.at("plain") / file), hash_of(run.at("shared") / file)) << file;
}

TEST(Ranks, GradientsMayTravelAsBfloat16) {
  const SmallRun run;
  ASSERT_EQ(run.train("plain", on_ranks(2)).code, 0);
  ASSERT_EQ(run.train("short", on_ranks(2, {"distributed.compress=bfloat16"})).code, 0);
  const auto plain = step_losses(run.at("plain")), rounded = step_losses(run.at("short"));
  expect_near(rounded, plain, 1e-3);
  EXPECT_NE(rounded, plain) << "nothing was rounded";
}

TEST(Ranks, AnUnevenEvaluationCountsEachImageOnce) {
  const SmallRun run(61);
  const std::vector<std::string> more = {"data.val=" + run.data().string(), "train.steps=6", "eval.every_epochs=0"};
  const auto evaluation = [&](const std::string& name) {
    const std::string text = file_text(run.at(name) / "metrics.jsonl");
    const auto at = text.find("{\"kind\":\"eval\"");
    return nlohmann::json::parse(text.substr(at, text.find('\n', at) - at));
  };
  ASSERT_EQ(run.train("1", more).code, 0);
  const auto expected = evaluation("1");
  EXPECT_EQ(expected.at("n"), 61);
  for (const int ranks : {2, 8}) {
    ASSERT_EQ(run.train(std::to_string(ranks), on_ranks(ranks, more)).code, 0);
    const auto found = evaluation(std::to_string(ranks));
    EXPECT_EQ(found.at("n"), 61);
    EXPECT_NEAR(found.at("loss").get<double>(), expected.at("loss").get<double>(), 1e-5);
  }
}

TEST(Ranks, TheSameRanksEndInTheSameBytes) {
  const SmallRun run;
  ASSERT_EQ(run.train("whole", on_ranks(2)).code, 0);
  ASSERT_EQ(run.train("parts", on_ranks(2, {"train.stop_after_steps=5"})).code, 75);
  ASSERT_EQ(run.train("parts", on_ranks(2)).code, 0);
  EXPECT_EQ(hash_of(run.at("parts") / "model.safetensors"), hash_of(run.at("whole") / "model.safetensors"));
}

}  // namespace
}  // namespace luvit::test
