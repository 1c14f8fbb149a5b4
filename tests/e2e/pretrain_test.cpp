#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "luvit/io/safetensors.h"
#include "small_run.h"

namespace luvit::test {
namespace {

TEST(Pretrain, AnOutputFolderHoldsEverything) {
  const SmallRun run;
  const Result result = run.train("out", {"data.val=" + run.data().string(), "eval.every_epochs=1"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const fs::path out = run.at("out");
  for (const char* name : {"config.yaml", "env.json", "metrics.jsonl", "train.log", "model.safetensors",
                           "checkpoints/latest", "reconstructions/step-00000016.png"})
    EXPECT_TRUE(fs::exists(out / name)) << name;
  EXPECT_EQ(file_text(out / "checkpoints/latest"), "step-00000016\n");
  EXPECT_EQ(step_losses(out).size(), 16U);
  const auto environment = nlohmann::json::parse(file_text(out / "env.json"));
  EXPECT_EQ(environment.at("ranks"), 1);
  EXPECT_EQ(environment.at("device"), "cpu");
  EXPECT_NE(file_text(out / "metrics.jsonl").find("\"kind\":\"eval\",\"suite\":\"val\""), std::string::npos);
  const SafetensorsFile model(out / "model.safetensors");
  EXPECT_TRUE(model.has("fusion.block.self_attn.q_proj.weight")) << "the export is complete";
  EXPECT_EQ(model.metadata().at("luvit.format"), "1");
}

TEST(Pretrain, TheResolvedConfigGivesTheSameRun) {
  const SmallRun run;
  ASSERT_EQ(run.train("a").code, 0);
  const Result again = test::run(
      "luvit_pretrain", {"--config", (run.at("a") / "config.yaml").string(), "--output", run.at("b").string()});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(hash_of(run.at("a") / "model.safetensors"), hash_of(run.at("b") / "model.safetensors"));
  EXPECT_EQ(file_text(run.at("a") / "config.yaml"), file_text(run.at("b") / "config.yaml"));
}

TEST(Pretrain, PrintConfigIsYamlAlone) {
  const SmallRun run;
  const Result result = test::run("luvit_pretrain", {"--config", run.config().string(), "--print-config"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_NE(result.out.find("batch_size: 8"), std::string::npos);
  EXPECT_FALSE(fs::exists(run.at("out")));
}

TEST(Pretrain, DryRunSaysWhatTheRunWillBe) {
  const SmallRun run;
  const Result result = test::run("luvit_pretrain", {"--config", run.config().string(), "--dry-run"});
  EXPECT_EQ(result.code, 0) << result.err;
  for (const char* word : {"trained", "frozen", "LoRA", "FLOP", "memory", "steps", "effective batch", "learning rate"})
    EXPECT_NE(result.out.find(word), std::string::npos) << word;
  for (const auto& entry : fs::directory_iterator(run.at(".")))
    EXPECT_TRUE(entry.path().filename() == "data" || entry.path().filename() == "config.yaml") << entry.path();
}

TEST(Pretrain, HalfALaunchersEnvironmentIsRefused) {
  const SmallRun run;
  const Result result = test::run("luvit_pretrain", run.words("out"), {"WORLD_SIZE=8"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("RANK is not set"), std::string::npos) << result.err;
}

TEST(Pretrain, DumpsWhatAStepConsumed) {
  const SmallRun run;
  ASSERT_EQ(run.train("whole", {"--dump-batches", "2"}).code, 0);
  ASSERT_EQ(run.train("parts", {"--dump-batches", "2", "train.micro_batch=3"}).code, 0);
  EXPECT_TRUE(fs::exists(run.at("whole") / "checkpoints/step-00000000")) << "kept though keep is 3";
  const SafetensorsFile a(run.at("whole") / "batches/step-000002.safetensors");
  const SafetensorsFile b(run.at("parts") / "batches/step-000002.safetensors");
  for (const char* name : {"images", "noise", "index"}) EXPECT_TRUE(a.read(name).equal(b.read(name))) << name;
  EXPECT_EQ(a.metadata().at("step"), "2");
  const auto losses = step_losses(run.at("whole")), split = step_losses(run.at("parts"));
  EXPECT_EQ(std::stod(a.metadata().at("loss")), losses.at(2));
  EXPECT_NEAR(split.at(16), losses.at(16), 1e-4 * losses.at(16)) << "micro-batches weigh by their size";
  EXPECT_FALSE(fs::exists(run.at("whole") / "batches/step-000003.safetensors"));
  ASSERT_EQ(run.train("later", {"--dump-batches", "1", "train.stop_after_steps=2"}).code, 75);
  ASSERT_EQ(run.train("later").code, 0);
  EXPECT_TRUE(fs::exists(run.at("later") / "checkpoints/step-00000000")) << "a resume keeps it";
}

TEST(Pretrain, FoldersAndShardsGiveTheSameRun) {
  const SmallRun run;
  const std::string list =
      "cd " + run.data().string() + " && find . -name '*.png' | LC_ALL=C sort | sed 's|^./||' > ../list";
  ASSERT_EQ(std::system(list.c_str()), 0);
  const std::string shards =
      "cd " + run.data().string() +
      " && head -40 ../list | tar -cf ../s-0.tar -T - && tail -24 ../list | tar -cf ../s-1.tar -T -";
  ASSERT_EQ(std::system(shards.c_str()), 0);
  ASSERT_EQ(run.train("folder").code, 0);
  const Result tars = test::run("luvit_pretrain", run.words("tars", {"data.train=" + run.at("s-{0..1}.tar").string()}),
                                {"LUVIT_CACHE=" + run.at("cache").string()});
  ASSERT_EQ(tars.code, 0) << tars.err;
  EXPECT_EQ(step_losses(run.at("folder")), step_losses(run.at("tars")));
}

TEST(Pretrain, TheStoredPrecisionsTrain) {
  const SmallRun run;
  for (const char* precision : {"bfloat16", "float16"}) {
    const Result result = run.train(precision, {std::string("train.precision=") + precision});
    ASSERT_EQ(result.code, 0) << result.err;
    const SafetensorsFile model(run.at(precision) / "model.safetensors");
    const auto type = [&](const std::string& name) { return model.read(name).scalar_type(); };
    EXPECT_EQ(type("fusion.block.mlp.up_proj.weight"), std::string(precision) == "float16" ? at::kHalf : at::kBFloat16);
    EXPECT_EQ(type("blocks.0.attn.qkv.weight"), at::kFloat) << "master weights";
    ASSERT_EQ(run.train(std::string(precision) + "2",
                        {std::string("train.precision=") + precision, "train.stop_after_steps=5"})
                  .code,
              75);
    ASSERT_EQ(run.train(std::string(precision) + "2", {std::string("train.precision=") + precision}).code, 0);
    EXPECT_EQ(hash_of(run.at(precision) / "model.safetensors"),
              hash_of(run.at(std::string(precision) + "2") / "model.safetensors"));
  }
}

TEST(Pretrain, EveryFusionTrains) {
  const SmallRun run;
  const std::vector<std::vector<std::string>> arms = {
      {"model.fusion={kind: none}"},
      {"model.fusion={kind: mlp, hidden: 40}"},
      {"model.fusion.lora.rank=0"},
      {"model.fusion.residual=outer"},
      {"model.fusion.final_norm=unit"},
      {"model.fusion.lora.targets=[q,k,v,o,gate,up,down]", "model.fusion.lora.dropout=0.1"},
      {"model.pos_embed=learned"}};
  for (std::size_t i = 0; i < arms.size(); ++i) {
    std::vector<std::string> words = arms[i];
    words.push_back("train.steps=2");
    const Result result = run.train("arm" + std::to_string(i), words);
    EXPECT_EQ(result.code, 0) << arms[i][0] << ": " << result.err;
  }
}

TEST(Pretrain, HelpAndVersion) {
  const Result help = test::run("luvit_pretrain", {"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("optim.weight_decay"), std::string::npos);
  const Result key = test::run("luvit_pretrain", {"--help", "mae.mask_ratio"});
  EXPECT_EQ(key.code, 0);
  EXPECT_NE(key.out.find("0.75"), std::string::npos);
  EXPECT_NE(test::run("luvit_pretrain", {"--version"}).out.find("torch 2."), std::string::npos);
}

}  // namespace
}  // namespace luvit::test
