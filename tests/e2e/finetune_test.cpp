#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "luvit/core/text.h"
#include "luvit/io/safetensors.h"
#include "small_run.h"

namespace luvit::test {
namespace {

class Finetune : public ::testing::Test {
 protected:
  Result train(const std::string& output, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), "data.val=" + small.data().string());  // which `more` may replace
    return run("luvit_finetune", small.words(output, more));
  }
  Result train_from(const std::string& weights, const std::string& output, std::vector<std::string> more = {}) const {
    more.push_back("init.weights=" + small.at(weights).string());
    return train(output, more);
  }
  std::string hash(const std::string& output) const { return hash_of(small.at(output) / "model.safetensors"); }
  std::vector<nlohmann::json> evaluations(const std::string& output) const {
    std::vector<nlohmann::json> found;
    std::istringstream lines(file_text(small.at(output) / "metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const auto record = nlohmann::json::parse(line);
      if (record.at("kind") == "eval") found.push_back(record);
    }
    return found;
  }
  SmallRun small;
};

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST_F(Finetune, GoesOnFromAPretrainingRunAndSaysWhatItTook) {
  ASSERT_EQ(small.train("pretrained", {"train.steps=4"}).code, 0);
  const Result result = train_from("pretrained/model.safetensors", "out", {"--dump-batches", "2"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(says(result.out, "missing, so new: fc_norm.weight, fc_norm.bias, head.weight, head.bias\n"))
      << result.out;
  EXPECT_TRUE(says(result.out, "unexpected, so left out: decoder_blocks.0.")) << result.out;

  const SafetensorsFile before(small.at("pretrained") / "model.safetensors");
  const SafetensorsFile first(small.at("out") / "checkpoints/step-00000000/model.safetensors");
  const SafetensorsFile after(small.at("out") / "model.safetensors");
  for (const char* name : {"cls_token", "pos_embed", "blocks.1.mlp.fc1.weight", "fusion.proj_in.weight",
                           "fusion.block.self_attn.q_proj.lora_A.weight"}) {
    EXPECT_TRUE(first.read(name).equal(before.read(name))) << name;
    EXPECT_FALSE(after.read(name).equal(before.read(name))) << name << " trains";
  }
  EXPECT_TRUE(after.read("fusion.block.mlp.up_proj.weight").equal(before.read("fusion.block.mlp.up_proj.weight")));
  EXPECT_EQ(after.metadata().at("luvit.classes"), R"(["class0","class1","class2","class3"])");
  EXPECT_EQ(after.read("head.weight").sizes(), at::IntArrayRef({4, 24}));
  EXPECT_LT(first.read("head.weight").abs().max().item<float>(), 2e-4F);

  const SafetensorsFile batch(small.at("out") / "batches/step-000001.safetensors");
  EXPECT_EQ(batch.read("targets").sizes(), at::IntArrayRef({8, 4}));
  EXPECT_TRUE(batch.read("targets").sum(1).allclose(at::ones({8})));
  EXPECT_EQ(batch.read("drop_path").sizes(), at::IntArrayRef({2, 2, 8}));
}

TEST_F(Finetune, TheBestCheckpointIsNamedAndKept) {
  ASSERT_EQ(train("out", {"checkpoint.every_steps=5", "checkpoint.keep=1", "train.steps=20"}).code, 0);
  std::map<double, int> first_with;
  const auto found = evaluations("out");
  ASSERT_EQ(found.size(), 3U) << "after steps 8, 16 and 20";
  for (const auto& record : found) {
    EXPECT_EQ(record.at("suite"), "val");
    EXPECT_EQ(record.at("n"), 64);
    EXPECT_EQ(record.at("top5"), 1.0) << "there are four classes";
    first_with.emplace(record.at("top1").get<double>(), record.at("step").get<int>());
  }
  char name[32];
  std::snprintf(name, sizeof name, "step-%08d", first_with.rbegin()->second);
  EXPECT_EQ(file_text(small.at("out") / "checkpoints/best"), std::string(name) + "\n");
  EXPECT_TRUE(fs::exists(small.at("out") / "checkpoints" / name / "state.json"));
}

// With all that a step draws, and the average of the weights.
TEST_F(Finetune, StoppedKilledAndResumedItEndsInTheSameBytes) {
  const std::vector<std::string> ema = {"train.ema=0.9"};
  ASSERT_EQ(train("whole", ema).code, 0);
  ASSERT_EQ(train("parts", {"train.ema=0.9", "train.stop_after_steps=3"}).code, 75);
  {
    Process killed("luvit_finetune", small.words("parts", {"train.ema=0.9", "data.val=" + small.data().string()}));
    ASSERT_TRUE(killed.wait_until([&] { return fs::exists(small.at("parts") / "checkpoints/step-00000008"); }));
    killed.signal(SIGKILL);
    killed.wait();
  }
  ASSERT_EQ(train("parts", ema).code, 0);
  EXPECT_EQ(hash("parts"), hash("whole"));
  EXPECT_EQ(step_losses(small.at("parts")), step_losses(small.at("whole")));
  ASSERT_EQ(train("plain").code, 0);
  EXPECT_EQ(step_losses(small.at("plain")), step_losses(small.at("whole"))) << "an average changes no training";
  EXPECT_NE(hash("plain"), hash("whole")) << "but it is what is exported";
}

TEST_F(Finetune, RanksLearnTheSame) {
  const std::vector<std::string> recipe = {"augment.mix_group=4", "checkpoint.every_steps=100"};
  ASSERT_EQ(train("one", recipe).code, 0);
  auto two = recipe;
  two.insert(two.end(), {"--ranks", "2"});
  const Result result = train("two", two);
  ASSERT_EQ(result.code, 0) << result.err;
  const auto expected = step_losses(small.at("one")), losses = step_losses(small.at("two"));
  for (const auto& [step, loss] : expected) EXPECT_NEAR(losses.at(step), loss, 1e-5 * loss) << step;
  EXPECT_EQ(evaluations("one").back().at("top1"), evaluations("two").back().at("top1"));

  const Result refused = train("refused", {"--ranks", "2"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_TRUE(says(refused.err, "augment.mix_group")) << refused.err;
}

TEST_F(Finetune, MistakesAreSaidBeforeAnythingRuns) {
  ASSERT_EQ(small.train("pretrained", {"train.steps=2"}).code, 0);
  const auto expect = [&](const Result& result, int code, const std::vector<std::string>& words) {
    EXPECT_EQ(result.code, code) << result.err;
    for (const auto& word : words) EXPECT_TRUE(says(result.err, word)) << word << "\n" << result.err;
    EXPECT_TRUE(result.last_error_line().starts_with("hint: ")) << result.err;
  };
  const std::string weights = "pretrained/model.safetensors";
  for (const char* dim : {"48", "25"})  // no head count of ours divides 25, and nobody wrote one
    expect(train_from(weights, "a", {luvit::str("model.dim=", dim)}), 3, {"model.dim", dim, "24"});
  expect(train_from(weights, "a", {"model.fusion.kind=none"}), 3, {"model.fusion.kind", "none", "llama"});
  expect(train_from("gone.safetensors", "a"), 3, {"gone.safetensors"});
  expect(train("a", {"model.classes=7"}), 3, {"model.classes", "7", "4"});
  expect(train("a", {"data.train=" + (small.data() / "class0").string()}), 3, {"class0"});
  expect(train("a", {"task=detection"}), 2, {"task", "detection"});
  expect(train("a", {"task=linear_probe"}), 2, {"init.weights"});
  expect(train_from(weights, "a", {"task=linear_probe", "train.batch_size=8", "augment.mixup=0.5"}), 2,
         {"augment.mixup", "task"});
  fs::create_directories(small.at("one"));
  fs::copy(small.data() / "class1", small.at("one/class1"));
  expect(train("a", {"data.train=" + small.at("one").string()}), 3, {"one class only", "class1"});
  expect(train("a", {"data.val=" + small.at("one").string()}), 3, {"data.val"});
  expect(train("a", {"augment.mix_group=1"}), 2, {"augment.mix_group", "mixed with itself"});
  // Folders called by numbers are names like any others.
  for (const char* set : {"numbers", "fewer"}) fs::create_directories(small.at(set));
  for (const char* set : {"numbers", "fewer"})
    for (int k = 0; k < 4; ++k)
      if (set[0] == 'n' || k != 1)
        fs::copy(small.data() / luvit::str("class", k), small.at(luvit::str(set, "/", k)), fs::copy_options::recursive);
  expect(train("a", {"data.train=" + small.at("numbers").string(), "data.val=" + small.at("fewer").string()}), 3,
         {"data.val: 3 classes, not the 4", "class 1 is in data.train only"});
}

// Shards of which only one class is there, and of which one is missing.
TEST_F(Finetune, LabelsOfShardsAreLookedAt) {
  const auto shard = [&](const std::string& name, const std::vector<int>& labels) {
    const fs::path folder = small.at(name);
    fs::create_directories(folder);
    int made = 0;
    for (const auto& entry : fs::recursive_directory_iterator(small.data())) {
      if (!entry.is_regular_file() || made >= 16) continue;
      const std::string key = luvit::str("k", made);
      fs::copy(entry.path(), folder / (key + entry.path().extension().string()));
      std::ofstream(folder / (key + ".cls")) << labels[static_cast<std::size_t>(made++) % labels.size()];
    }
    const std::string tar = small.at(name + ".tar").string();
    EXPECT_EQ(std::system(luvit::str("tar --sort=name -cf ", tar, " -C ", folder.string(), " .").c_str()), 0);
    return tar;
  };
  const std::string one = shard("one", {5}), holed = shard("holed", {0, 1, 3});
  const Result refused = train("a", {"data.train=" + one, "data.val=" + one, "--dry-run"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_TRUE(says(refused.err, "data.train: one class only, 5")) << refused.err;
  const Result warned = train("a", {"data.train=" + holed, "data.val=" + holed, "--dry-run"});
  EXPECT_EQ(warned.code, 0) << warned.err;
  EXPECT_TRUE(says(warned.err, "data.train: 1 of 4 classes have no image, first 2")) << warned.err;
  EXPECT_TRUE(says(warned.out, ", 4 classes")) << warned.out;
}

TEST_F(Finetune, ADryRunKnowsWhatIsInTheWay) {
  ASSERT_EQ(train("run", {"train.steps=2"}).code, 0);
  EXPECT_EQ(train("run", {"train.steps=2", "--dry-run"}).code, 0);
  const Result other = train("run", {"train.steps=2", "augment.label_smoothing=0.3", "--dry-run"});
  EXPECT_EQ(other.code, 2);
  EXPECT_TRUE(says(other.err, "augment.label_smoothing")) << other.err;
  EXPECT_EQ(train("run", {"train.steps=2", "--resume", "none", "--dry-run"}).code, 2);
}

TEST_F(Finetune, ABlockIsPutOntoAFinishedModelByAnOuterResidualOnly) {
  ASSERT_EQ(small.train("plain", {"model.fusion.kind=none", "train.steps=2"}).code, 0);
  const std::string weights = "plain/model.safetensors";
  const Result refused = train_from(weights, "refused");
  EXPECT_EQ(refused.code, 3);
  EXPECT_TRUE(says(refused.err, "model.fusion.kind is llama, but none in")) << refused.err;
  const Result result =
      train_from(weights, "out", {"model.fusion.residual=outer", "train.steps=1", "--dump-batches", "1"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(says(result.out, "fusion.proj_in.weight, ")) << result.out;
  const SafetensorsFile first(small.at("out") / "checkpoints/step-00000000/model.safetensors");
  EXPECT_EQ(first.read("fusion.proj_out.weight").abs().max().item<float>(), 0) << "it begins as the model was";
}

TEST_F(Finetune, PositionsOfAnotherSizeAreResized) {
  ASSERT_EQ(small.train("pretrained", {"train.steps=2"}).code, 0);
  const Result result = train_from("pretrained/checkpoints/step-00000002", "larger",
                                   {"model.image_size=48", "train.steps=1", "--dump-batches", "1"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(says(result.out, "resized: pos_embed")) << result.out;
  const SafetensorsFile first(small.at("larger") / "checkpoints/step-00000000/model.safetensors");
  EXPECT_EQ(first.read("pos_embed").sizes(), at::IntArrayRef({1, 37, 24}));
}

// A probe's backbone stands still; what it exports is a classifier like any other.
TEST_F(Finetune, ALinearProbeTrainsItsHeadAlone) {
  ASSERT_EQ(small.train("pretrained", {"train.steps=4"}).code, 0);
  const std::string weights = "pretrained/model.safetensors";
  const std::vector<std::string> probe = {"task=linear_probe", "train.batch_size=16", "optim.lr=5"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), probe.begin(), probe.end());
    return more;
  };
  ASSERT_EQ(train_from(weights, "whole", probe).code, 0);
  const SafetensorsFile before(small.at(weights)), after(small.at("whole") / "model.safetensors");
  for (const char* name : {"pos_embed", "blocks.1.mlp.fc1.weight", "norm.weight", "fusion.proj_out.weight"})
    EXPECT_TRUE(after.read(name).equal(before.read(name))) << name;
  EXPECT_GT(after.read("head.bias").abs().max().item<float>(), 0.1F) << "statistics are folded into it";

  ASSERT_EQ(train_from(weights, "parts", with({"train.stop_after_steps=5"})).code, 75);
  ASSERT_EQ(train_from(weights, "parts", probe).code, 0);
  EXPECT_EQ(hash("parts"), hash("whole"));

  const Result two = train_from(weights, "two", with({"--ranks", "2", "train.micro_batch=3"}));
  ASSERT_EQ(two.code, 0) << two.err;
  const auto expected = step_losses(small.at("whole")), losses = step_losses(small.at("two"));
  for (const auto& [step, loss] : expected) EXPECT_NEAR(losses.at(step), loss, 1e-4 * loss) << step;
  EXPECT_EQ(run("luvit_infer", {"--weights", (small.at("whole") / "model.safetensors").string(), "--images",
                                small.data().string(), "--emit", "logits", "--out", small.at("o.safetensors").string()})
                .code,
            0);
}

TEST_F(Finetune, TheResolvedConfigGivesTheSameRun) {
  ASSERT_EQ(small.train("pretrained", {"train.steps=2"}).code, 0);
  ASSERT_EQ(train_from("pretrained/model.safetensors", "a", {"train.steps=4"}).code, 0);
  const Result again =
      run("luvit_finetune", {"--config", (small.at("a") / "config.yaml").string(), "--output", small.at("b").string()});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(hash("a"), hash("b"));
  EXPECT_EQ(file_text(small.at("a") / "config.yaml"), file_text(small.at("b") / "config.yaml"));
}

}  // namespace
}  // namespace luvit::test
