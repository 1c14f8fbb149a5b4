#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "luvit/io/csv.h"
#include "small_run.h"

// Gradient signal-to-noise ratios during training and of finished checkpoints, as a person asks for them.

namespace luvit::test {
namespace {

using nlohmann::json;

class Gsnr : public ::testing::Test {
 protected:
  std::vector<std::string> words(const std::string& out, const std::vector<std::string>& runs,
                                 const std::vector<std::string>& more) const {
    std::vector<std::string> all = {"gsnr"};
    for (const std::string& name : runs) all.push_back(small.at(name).string());
    all.insert(all.end(), {"--data", small.data().string(), "--out", small.at(out).string(), "--threads", "1"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Result measure(const std::string& out, const std::vector<std::string>& runs,
                 const std::vector<std::string>& more = {}) const {
    return run("luvit_eval", words(out, runs, more));
  }
  json results(const std::string& out) const { return json::parse(std::ifstream(small.at(out) / "gsnr.json")); }
  std::string hash(const std::string& output) const { return hash_of(small.at(output) / "model.safetensors"); }

  // Weights that are done, with when they were written.
  std::map<std::string, fs::file_time_type> parts_in(const std::string& out) const {
    std::map<std::string, fs::file_time_type> parts;
    if (fs::exists(small.at(out) / "partial"))
      for (const auto& entry : fs::directory_iterator(small.at(out) / "partial"))
        if (entry.path().extension() == ".safetensors") parts[entry.path().filename()] = entry.last_write_time();
    return parts;
  }

  static json row(const json& point, const std::string& level, const std::string& name) {
    for (const json& one : point.at("rows"))
      if (one.at("level") == level && one.at("name") == name) return one;
    return nullptr;
  }
  SmallRun small;
  const std::vector<std::string> sets = {"--samples", "32", "--sets", "2", "--micro-batch", "2"};
};

TEST_F(Gsnr, DuringTrainingItChangesNothing) {
  ASSERT_EQ(small.train("plain").code, 0);
  const Result watched = small.train("watched", {"gsnr.every_steps=4", "gsnr.micro_batch=1"});
  ASSERT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(hash("watched"), hash("plain"));
  EXPECT_EQ(step_losses(small.at("watched")), step_losses(small.at("plain")));
  std::vector<json> found;
  std::istringstream lines(file_text(small.at("watched") / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);)
    if (const json record = json::parse(line); record.at("kind") == "gsnr") found.push_back(record);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].at("step"), 4);
  EXPECT_EQ(found[0].at("samples"), 8);
  EXPECT_EQ(found[0].at("batches"), 8);
  const json& block = found[3].at("layers").at("blocks.1");
  EXPECT_EQ(block.at("key_bias"), 24);
  EXPECT_TRUE(std::isfinite(block.at("r_l").get<double>()));
  EXPECT_NE(found[0].at("all").at("r_l"), found[3].at("all").at("r_l"));
}

TEST_F(Gsnr, DuringTrainingWhatCannotBeIsSaidBefore) {
  const Result few = small.train("few", {"gsnr.every_steps=4"});  // 8 images in micro-batches of 8: one draw
  EXPECT_EQ(few.code, 2);
  EXPECT_NE(few.err.find("at least 8 are needed"), std::string::npos) << few.err;
  const Result mixed = run("luvit_finetune", small.words("mixed", {"gsnr.every_steps=4", "gsnr.micro_batch=1"}));
  EXPECT_EQ(mixed.code, 2);
  EXPECT_NE(mixed.err.find("samples are mixed with one another"), std::string::npos) << mixed.err;
}

TEST_F(Gsnr, OfARunsCheckpointsOnOneAndTwoRanks) {
  ASSERT_EQ(small.train("run").code, 0);
  const Result one = measure("one", {"run"}, sets);
  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.err, "");
  auto two_ranks = sets;
  two_ranks.insert(two_ranks.end(), {"--ranks", "2"});
  const Result two = measure("two", {"run"}, two_ranks);
  ASSERT_EQ(two.code, 0) << two.err;
  const json a = results("one"), b = results("two");
  ASSERT_EQ(a.at("points").size(), 3U);  // checkpoint.keep
  EXPECT_EQ(a.at("points")[0].at("step"), 8);
  EXPECT_EQ(a.at("points")[2].at("step"), 16);
  EXPECT_EQ(a.at("batches"), 16);
  std::size_t compared = 0;
  for (std::size_t p = 0; p < 3; ++p) {
    const json &x = a.at("points")[p], &y = b.at("points")[p];
    EXPECT_NEAR(x.at("loss").get<double>(), y.at("loss").get<double>(), 1e-6);
    ASSERT_EQ(x.at("rows").size(), y.at("rows").size());
    for (std::size_t i = 0; i < x.at("rows").size(); ++i) {
      const json &first = x.at("rows")[i].at("r_l").at("value"), &second = y.at("rows")[i].at("r_l").at("value");
      if (first.is_null()) continue;
      EXPECT_NEAR(first.get<double>(), second.get<double>(), 1e-4 * (std::abs(first.get<double>()) + 1.0 / 32))
          << x.at("rows")[i].at("name");
      ++compared;
    }
  }
  EXPECT_GT(compared, 100U);
  const json lora = row(a.at("points")[2], "tensor", "fusion.block.self_attn.q_proj.lora_A.weight");
  EXPECT_EQ(lora.at("n").get<int>() + lora.at("left_out").at("no_variance").get<int>(), 2 * 96);
  EXPECT_EQ(row(a.at("points")[2], "tensor", "fusion.block.mlp.up_proj.weight"), nullptr) << "it is frozen";
  EXPECT_EQ(row(a.at("points")[2], "layer", "blocks.0").at("left_out").at("key_bias"), 24);
  EXPECT_TRUE(row(a.at("points")[2], "model", "all").at("r_l").contains("interval95"));
  for (const char* file : {"gsnr.csv", "report.html", "figures/gsnr_profile.svg", "figures/gsnr_blocks.1.svg"})
    EXPECT_TRUE(fs::exists(small.at("one") / file)) << file;
  CsvReader csv(small.at("one") / "gsnr.csv");
  int lines = 0;
  while (csv.next()) ++lines;
  EXPECT_EQ(lines, static_cast<int>(3 * a.at("points")[0].at("rows").size()));
}

TEST_F(Gsnr, StoppedOrKilledItGoesOn) {
  ASSERT_EQ(small.train("run").code, 0);
  const std::vector<std::string> one_by_one = {"--samples", "32", "--sets", "2", "--micro-batch", "1"};
  ASSERT_EQ(measure("whole", {"run"}, one_by_one).code, 0);
  for (const int with : {SIGTERM, SIGKILL}) {
    const std::string out = "out-" + std::to_string(with);
    Process first("luvit_eval", words(out, {"run"}, one_by_one));
    ASSERT_TRUE(first.wait_until([&] { return !parts_in(out).empty(); }));
    first.signal(with);
    const Result stopped = first.wait();
    EXPECT_EQ(stopped.code, with == SIGTERM ? 75 : -SIGKILL) << stopped.err;
    EXPECT_FALSE(fs::exists(small.at(out) / "gsnr.json"));
    const auto before = parts_in(out);
    ASSERT_FALSE(before.empty());
    const Result second = measure(out, {"run"}, one_by_one);
    ASSERT_EQ(second.code, 0) << second.err;
    std::size_t told = 0;
    for (auto at = second.out.find("measured before: "); at != std::string::npos;
         at = second.out.find("measured before: ", at + 1))
      ++told;
    EXPECT_EQ(told, before.size()) << second.out;
    const auto after = parts_in(out);
    EXPECT_EQ(after.size(), 3U);  // checkpoint.keep
    for (const auto& [part, time] : before) EXPECT_EQ(after.at(part), time) << part;
    EXPECT_EQ(file_text(small.at(out) / "gsnr.json"), file_text(small.at("whole") / "gsnr.json"));
  }
  // Done, it is done; with another set of images it is measured anew.
  auto other = one_by_one;
  other.insert(other.end(), {"--seed", "1"});
  ASSERT_EQ(measure("whole", {"run"}, other).code, 0);
  EXPECT_NE(results("whole").at("points"), results("out-15").at("points"));
}

TEST_F(Gsnr, DuringTrainingItMayNotChangeOnAResume) {
  ASSERT_EQ(small.train("run", {"gsnr.every_steps=4", "gsnr.micro_batch=1", "train.stop_after_steps=6"}).code, 75);
  const Result other = small.train("run", {"gsnr.every_steps=8", "gsnr.micro_batch=1"});
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.err.find("gsnr.every_steps"), std::string::npos) << other.err;
}

TEST_F(Gsnr, DoesNotTakeAnEvaluationsPlace) {
  ASSERT_EQ(small.train("run", {"train.steps=4"}).code, 0);
  fs::create_directory(small.at("evaluated"));
  std::ofstream(small.at("evaluated") / "results.json") << "{}";
  const Result refused = measure("evaluated", {"run"}, sets);
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("holds an evaluation"), std::string::npos) << refused.err;
}

TEST_F(Gsnr, TwoRunsAreComparedOnWhatTheyShare) {
  ASSERT_EQ(small.train("luvit", {"train.steps=4"}).code, 0);
  ASSERT_EQ(small.train("vit", {"train.steps=4", "model.fusion.kind=none"}).code, 0);
  const Result result = measure("both", {"luvit/model.safetensors", "vit/model.safetensors"}, sets);
  ASSERT_EQ(result.code, 0) << result.err;
  const json all = results("both");
  const json& comparison = all.at("comparisons").at(0);
  bool fusion = false, block = false;
  for (const json& one : comparison.at("rows")) {
    fusion = fusion || one.at("name") == "fusion";
    block = block || one.at("name") == "blocks.1";
    EXPECT_TRUE(one.contains("interval95"));
  }
  EXPECT_TRUE(block);
  EXPECT_FALSE(fusion);
  const auto n = [&](std::size_t point, const char* level) {
    return row(all.at("points")[point], level, "all").at("n").get<std::int64_t>();
  };
  EXPECT_EQ(n(0, "shared"), n(1, "shared"));
  EXPECT_EQ(n(1, "shared"), n(1, "model")) << "a plain ViT has nothing else";
  EXPECT_GT(n(0, "model"), n(1, "model"));
}

TEST_F(Gsnr, AClassifiersSmoothingIsItsRunsAndRandomLabelsAreAControl) {
  const std::vector<std::string> recipe = {"train.steps=16", "augment.label_smoothing=0.2"};
  ASSERT_EQ(run("luvit_finetune", small.words("tuned", recipe)).code, 0);
  ASSERT_EQ(measure("real", {"tuned"}, sets).code, 0);
  EXPECT_EQ(results("real").at("points")[0].at("label_smoothing"), 0.2);
  auto random = sets;
  random.push_back("--random-labels");
  ASSERT_EQ(measure("random", {"tuned"}, random).code, 0);
  EXPECT_EQ(results("random").at("random_labels"), true);
  EXPECT_NE(results("random").at("points")[0].at("loss"), results("real").at("points")[0].at("loss"));
}

TEST_F(Gsnr, WhatIsAskedForWronglyIsOneLine) {
  ASSERT_EQ(small.train("run", {"train.steps=4"}).code, 0);
  const Result many = measure("out", {"run"}, {"--samples", "64", "--sets", "2"});
  EXPECT_EQ(many.code, 3);
  EXPECT_NE(many.err.find("64 images are fewer than 2 sets of 64"), std::string::npos) << many.err;
  EXPECT_EQ(measure("out", {"run"}, {"--samples", "30", "--sets", "1"}).code, 2);
  EXPECT_EQ(measure("out", {"run"}, {"--samples", "32", "--sets", "1"}).code, 2) << "four draws of eight";
  for (const std::vector<std::string>& of_labels :
       {std::vector<std::string>{"--random-labels"}, {"--label-smoothing", "0.1"}}) {
    std::vector<std::string> words = sets;
    words.insert(words.end(), of_labels.begin(), of_labels.end());
    const Result labels = measure("out", {"run"}, words);
    EXPECT_EQ(labels.code, 2);
    EXPECT_NE(labels.err.find("is no classifier"), std::string::npos) << labels.err;
  }
  ASSERT_EQ(run("luvit_finetune", small.words("tuned", {"train.steps=2"})).code, 0);
  for (const std::vector<std::string>& runs : {std::vector<std::string>{"run", "tuned"}, {"tuned", "run"}}) {
    const Result two_kinds = measure("out", runs, sets);
    EXPECT_EQ(two_kinds.code, 2);
    EXPECT_LT(two_kinds.err.find("tuned"), two_kinds.err.find(" are a classifier and a pretraining model"));
  }
  EXPECT_EQ(measure("out", {"nothing"}, sets).code, 3);
  EXPECT_EQ(measure("out", {"data"}, sets).code, 3);
  EXPECT_FALSE(fs::exists(small.at("out")));
}

}  // namespace
}  // namespace luvit::test
