#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "luvit/io/safetensors.h"
#include "small_run.h"

// Distillation into a plain ViT by all three modes, as a person runs it.

namespace luvit::test {
namespace {

using Words = std::vector<std::string>;

class Distill : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(small.train("teacher", {"train.steps=8"}).code, 0); }

  Words feature(Words more = {}) const {
    Words words = {"model.fusion.kind=none", "distill.mode=feature",
                   "distill.teacher=" + (small.at("teacher") / "model.safetensors").string()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Result tune(const std::string& output, Words more) const {
    more.insert(more.begin(), "data.val=" + small.data().string());
    return run("luvit_finetune", small.words(output, more));
  }
  Words path(Words more = {}) const {
    more.insert(more.begin(), {"distill.mode=aux_path"});
    return more;
  }
  std::string hash(const std::string& output) const { return hash_of(small.at(output) / "model.safetensors"); }

  // A student's file has a plain ViT's tensors, and its checkpoints nothing of a teacher or a path.
  void expect_plain(const std::string& output) const {
    const fs::path newest = small.at(output) / "checkpoints" / trimmed(small.at(output) / "checkpoints/latest");
    for (const fs::path& file : {small.at(output) / "model.safetensors", newest / "model.safetensors"}) {
      const SafetensorsFile weights(file);
      for (const TensorInfo& info : weights.tensors())
        EXPECT_FALSE(info.name.starts_with("fusion.") || info.name.starts_with("distill.")) << info.name;
      EXPECT_NE(weights.metadata().at("luvit.model").find(R"("kind":"none")"), std::string::npos);
    }
    const SafetensorsFile optimizer(newest / "optimizer.safetensors");
    for (const TensorInfo& info : optimizer.tensors())
      EXPECT_EQ(info.name.find("fusion.block.mlp"), std::string::npos) << "frozen: " << info.name;
    const Result exported = run("luvit_convert", {"export", (small.at(output) / "model.safetensors").string(), "--out",
                                                  small.at(output + ".timm").string(), "--format", "timm"});
    EXPECT_EQ(exported.code, 0) << exported.err;
  }
  // Every step's loss is the weighted sum of the parts that are logged beside it.
  void expect_parts(const std::string& output, const std::map<std::string, double>& weights) const {
    std::istringstream lines(file_text(small.at(output) / "metrics.jsonl"));
    int steps = 0;
    for (std::string line; std::getline(lines, line);) {
      const auto record = nlohmann::json::parse(line);
      if (record.at("kind") != "step") continue;
      double sum = 0;
      for (const auto& [part, weight] : weights) sum += weight * record.at("loss_" + part).get<double>();
      EXPECT_NEAR(record.at("loss").get<double>(), sum, 1e-5 * sum) << line;
      EXPECT_NE(record.at("loss_task"), record.at("loss")) << line;
      ++steps;
    }
    EXPECT_GT(steps, 0);
  }
  static std::string trimmed(const fs::path& file) {
    std::string text = file_text(file);
    text.erase(text.find_last_not_of('\n') + 1);
    return text;
  }
  static bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }
  SmallRun small;
};

TEST_F(Distill, FeaturesInPretraining) {
  const std::string before = hash("teacher");
  const Result result = small.train("student", feature());
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(says(result.out, "teacher " + (small.at("teacher") / "model.safetensors").string())) << result.out;
  EXPECT_EQ(hash("teacher"), before);
  expect_plain("student");
  expect_parts("student", {{"task", 1}, {"feat", 1}});
  EXPECT_TRUE(says(result.out, " feat ")) << result.out;
  ASSERT_EQ(small.train("plain", {"model.fusion.kind=none"}).code, 0);
  EXPECT_NE(hash("student"), hash("plain")) << "it has learned something else";
  // With the teacher's weight at next to nothing it is plain pretraining.
  ASSERT_EQ(small.train("hardly", feature({"distill.w_feat=1e-30"})).code, 0);
  EXPECT_EQ(hash("hardly"), hash("plain"));
}

TEST_F(Distill, StoppedAndResumedItEndsInTheSameBytes) {
  for (const Words& recipe : {feature(), feature({"distill.schedule=cosine", "distill.student_layer=1",
                                                  "distill.teacher_point=llm", "distill.include_cls=true"})}) {
    ASSERT_EQ(small.train("whole", recipe).code, 0);
    Words parts = recipe;
    parts.push_back("train.stop_after_steps=6");
    ASSERT_EQ(small.train("parts", parts).code, 75);
    ASSERT_EQ(small.train("parts", recipe).code, 0);
    EXPECT_EQ(hash("parts"), hash("whole"));
    EXPECT_EQ(step_losses(small.at("parts")), step_losses(small.at("whole")));
    fs::remove_all(small.at("whole"));
    fs::remove_all(small.at("parts"));
  }
}

TEST_F(Distill, AResumeNeedsTheSameTeacher) {
  ASSERT_EQ(small.train("student", feature({"train.stop_after_steps=6"})).code, 75);
  const auto state = nlohmann::json::parse(file_text(small.at("student") / "checkpoints/step-00000006/state.json"));
  EXPECT_EQ(state.at("guide").at("sha256"), hash("teacher"));
  EXPECT_TRUE(state.at("frozen_block").is_null());
  fs::remove_all(small.at("teacher"));
  ASSERT_EQ(small.train("teacher", {"train.steps=9"}).code, 0);
  const Result other = small.train("student", feature());
  EXPECT_EQ(other.code, 3);
  EXPECT_TRUE(says(other.err, "distill.teacher: ")) << other.err;
}

TEST_F(Distill, RanksLearnTheSame) {
  ASSERT_EQ(small.train("one", feature({"checkpoint.every_steps=100"})).code, 0);
  const Result result = small.train("two", feature({"checkpoint.every_steps=100", "--ranks", "2"}));
  ASSERT_EQ(result.code, 0) << result.err;
  expect_parts("two", {{"task", 1}, {"feat", 1}});
  const auto one = step_losses(small.at("one")), two = step_losses(small.at("two"));
  ASSERT_EQ(one.size(), two.size());
  for (const auto& [step, loss] : one) EXPECT_NEAR(two.at(step), loss, 1e-4) << step;
}

TEST_F(Distill, TheTeachersOwnVitIsItsCopyWithoutFusion) {
  const Result result =
      small.train("student", feature({"distill.student_init=teacher_vit", "--dump-batches", "1", "train.steps=2"}));
  ASSERT_EQ(result.code, 0) << result.err;
  const SafetensorsFile first(small.at("student") / "checkpoints/step-00000000/model.safetensors"),
      teacher(small.at("teacher") / "model.safetensors");
  for (const TensorInfo& info : first.tensors())
    EXPECT_TRUE(first.read(info.name).equal(teacher.read(info.name))) << info.name;
}

// A plain teacher that the student is a copy of: nothing to learn but by the projection, which is left out.
TEST_F(Distill, OfItselfThereIsNothingToLearn) {
  ASSERT_EQ(small.train("plain", {"model.fusion.kind=none", "train.steps=4"}).code, 0);
  const std::string teacher = "distill.teacher=" + (small.at("plain") / "model.safetensors").string();
  const Words alike = {"model.fusion.kind=none",
                       "distill.mode=feature",
                       teacher,
                       "distill.student_init=teacher_vit",
                       "distill.projector=none",
                       "distill.target_norm=none",
                       "distill.w_task=0",
                       "train.steps=1"};
  ASSERT_EQ(small.train("copy", alike).code, 0);
  EXPECT_LT(step_losses(small.at("copy")).at(1), 1e-12);  // what is not exact is that the two passes use other kernels
  Words other = alike;
  other[3] = "distill.student_init=scratch";
  ASSERT_EQ(small.train("other", other).code, 0);
  EXPECT_GT(step_losses(small.at("other")).at(1), 1e-8);
}

TEST_F(Distill, LogitsAndTokensInFineTuning) {
  const std::string weights = "init.weights=" + (small.at("teacher") / "model.safetensors").string();
  ASSERT_EQ(tune("tuned", {weights, "train.steps=8"}).code, 0);
  ASSERT_EQ(small.train("student", feature()).code, 0);
  const Words recipe = {"model.fusion.kind=none",
                        "init.weights=" + (small.at("student") / "model.safetensors").string(), "distill.mode=finetune",
                        "distill.teacher=" + (small.at("tuned") / "model.safetensors").string()};
  const Result result = tune("distilled", recipe);
  ASSERT_EQ(result.code, 0) << result.err;
  expect_plain("distilled");
  expect_parts("distilled", {{"task", 1}, {"kd", 1}, {"feat", 1}});
  Words parts = recipe;
  parts.push_back("train.stop_after_steps=5");
  ASSERT_EQ(tune("parts", parts).code, 75);
  ASSERT_EQ(tune("parts", recipe).code, 0);
  EXPECT_EQ(hash("parts"), hash("distilled"));
  // From scratch the config says that it is plain; a pretraining teacher has no logits.
  const Words scratch = {"distill.mode=finetune",
                         "distill.teacher=" + (small.at("teacher") / "model.safetensors").string()};
  const Result fused = tune("no", scratch);
  EXPECT_EQ(fused.code, 2);
  EXPECT_TRUE(says(fused.err, "model.fusion.kind") && says(fused.err, "a student is a plain ViT")) << fused.err;
  Words plain = scratch;
  plain.push_back("model.fusion.kind=none");
  const Result without_logits = tune("no", plain);
  EXPECT_EQ(without_logits.code, 3);
  EXPECT_TRUE(says(without_logits.err, "have no logits to learn from")) << without_logits.err;
  plain.push_back("distill.w_kd=0");
  EXPECT_EQ(tune("tokens", plain).code, 0);
  // A block's tokens, for which the teacher's fusion need not run, nor is counted.
  plain.push_back("distill.teacher_point=block2");
  const Result of_block = tune("block", plain);
  EXPECT_EQ(of_block.code, 0) << of_block.err;
  EXPECT_NE(hash("block"), hash("tokens"));
}

TEST_F(Distill, AnAuxiliaryPathIsDropped) {
  const Result result = tune("aux", path({"distill.mu=0.1"}));
  ASSERT_EQ(result.code, 0) << result.err;
  expect_plain("aux");
  expect_parts("aux", {{"task", 1}, {"path", 0.5}, {"dissimilarity", 0.1}});
  ASSERT_EQ(tune("parts", path({"distill.mu=0.1", "train.stop_after_steps=5"})).code, 75);
  ASSERT_EQ(tune("parts", path({"distill.mu=0.1"})).code, 0);
  EXPECT_EQ(hash("parts"), hash("aux"));
  ASSERT_EQ(tune("plain", {"model.fusion.kind=none"}).code, 0);
  EXPECT_NE(hash("aux"), hash("plain"));
  const Result none = tune("no", path({"model.fusion.kind=none"}));
  EXPECT_EQ(none.code, 2);
  EXPECT_TRUE(says(none.err, "there is no path")) << none.err;
}

TEST_F(Distill, AnAuxiliaryPathBesidePretrainedWeights) {
  ASSERT_EQ(small.train("plain", {"model.fusion.kind=none", "train.steps=4"}).code, 0);
  const Result result =
      tune("aux", path({"init.weights=" + (small.at("plain") / "model.safetensors").string(), "train.steps=4"}));
  ASSERT_EQ(result.code, 0) << result.err;
  expect_plain("aux");
}

TEST_F(Distill, ADryRunCountsTheTeacher) {
  const Result plain = run("luvit_pretrain", small.words("no", {"model.fusion.kind=none", "--dry-run"}));
  Words words = feature({"--dry-run"});
  const Result student = run("luvit_pretrain", small.words("no", words));
  ASSERT_EQ(plain.code, 0) << plain.err;
  ASSERT_EQ(student.code, 0) << student.err;
  const auto line = [](const Result& result, const std::string& name) {
    const auto from = result.out.find(name);
    return result.out.substr(from, result.out.find('\n', from) - from);
  };
  Words of_block = words;
  of_block.push_back("distill.teacher_point=block1");
  const Result unfused = run("luvit_pretrain", small.words("no", of_block));
  ASSERT_EQ(unfused.code, 0) << unfused.err;
  EXPECT_NE(line(plain, "memory estimate"), line(student, "memory estimate")) << "the teacher's weights";
  const std::set<std::string> operations = {line(plain, "operations"), line(student, "operations"),
                                            line(unfused, "operations")};
  EXPECT_EQ(operations.size(), 3U) << "of a block's tokens its fusion is none of the work";
  words.insert(words.end(), {"--plan-ranks", "2"});
  for (const char* loss : {"smooth_l1", "mse", "cosine"}) {
    Words with = words;
    with.push_back(std::string("distill.loss=") + loss);
    const Result planned = run("luvit_pretrain", small.words("no", with));
    EXPECT_EQ(planned.code, 0) << planned.err;
  }
  EXPECT_EQ(
      run("luvit_finetune", small.words("no", path({"--dry-run", "--plan-ranks", "2", "augment.mix_group=4"}))).code,
      0);
}

TEST_F(Distill, WhatDoesNotFitIsSaid) {
  const Result no_teacher = small.train("no", {"model.fusion.kind=none", "distill.mode=feature"});
  EXPECT_EQ(no_teacher.code, 2);
  EXPECT_TRUE(says(no_teacher.err, "distill.teacher")) << no_teacher.err;
  const Result fused = small.train("no", {"distill.mode=feature", "distill.teacher=x"});
  EXPECT_EQ(fused.code, 2);
  EXPECT_TRUE(says(fused.err, "a student is a plain ViT")) << fused.err;
  const Result grid = small.train("no", feature({"model.patch_size=16"}));
  EXPECT_EQ(grid.code, 3);
  EXPECT_TRUE(says(grid.err, "same grid of patches")) << grid.err;
  const Result point = small.train("no", feature({"distill.teacher_point=block7"}));
  EXPECT_EQ(point.code, 3);
  const Result word = small.train("no", feature({"distill.teacher_point=middle"}));
  EXPECT_EQ(word.code, 2);
  EXPECT_TRUE(says(word.err, "expected l2, llm or blockN")) << word.err;
  EXPECT_EQ(small.train("no", feature({"distill.lambda=1"})).code, 2) << "another mode's key";
  EXPECT_EQ(small.train("no", feature({"distill.w_feat=0"})).code, 2);
}

}  // namespace
}  // namespace luvit::test
