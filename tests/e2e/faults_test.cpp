#include <gtest/gtest.h>
#include <sys/mount.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "luvit/data/image.h"
#include "luvit/io/safetensors.h"
#include "small_run.h"

// Every fault answers with its exit code, one line that names it, and a hint as the last line.

namespace luvit::test {
namespace {

void expect_fault(const Result& result, int code, const std::vector<std::string>& words, int lines = 1) {
  EXPECT_EQ(result.code, code) << result.err;
  for (const auto& word : words) EXPECT_NE(result.err.find(word), std::string::npos) << word << " in:\n" << result.err;
  EXPECT_TRUE(result.last_error_line().starts_with("hint:")) << result.err;
  EXPECT_EQ(result.err.find("terminate called"), std::string::npos);
  EXPECT_LE(std::count(result.err.begin(), result.err.end(), '\n'), lines + 1) << result.err;
}

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// A block file that is sound in itself, 40 wide where the config says 48.
void write_block(const fs::path& path) {
  const auto w = [](std::int64_t out, std::int64_t in) { return at::ones({out, in}); };
  write_safetensors(path,
                    {{"input_layernorm.weight", at::ones({96})},
                     {"post_attention_layernorm.weight", at::ones({96})},
                     {"self_attn.q_proj.weight", w(96, 96)},
                     {"self_attn.k_proj.weight", w(48, 96)},
                     {"self_attn.v_proj.weight", w(48, 96)},
                     {"self_attn.o_proj.weight", w(96, 96)},
                     {"mlp.gate_proj.weight", w(40, 96)},
                     {"mlp.up_proj.weight", w(40, 96)},
                     {"mlp.down_proj.weight", w(96, 40)}},
                    {{"luvit.block", R"({"dim":96,"heads":4,"kv_heads":2,"head_dim":24,"hidden":40,"norm_eps":1e-06,)"
                                     R"("layer":0,"source":"test","qk_layout":"half"})"}});
}

class Faults : public ::testing::Test {
 protected:
  Result train(const std::vector<std::string>& more) { return run_.train("out", more); }
  SmallRun run_;
};

TEST_F(Faults, DataThatIsNotThere) {
  expect_fault(train({"data.train=" + run_.at("nowhere").string()}), 3, {"data.train: ", "nowhere"});
  expect_fault(train({"data.val=" + run_.at("nowhere").string()}), 3, {"data.val: ", "nowhere"});
  fs::create_directories(run_.at("bare"));
  expect_fault(train({"data.train=" + run_.at("bare").string()}), 3, {"bare"});
  expect_fault(train({"train.batch_size=96"}), 3, {"64", "96"});
}

TEST_F(Faults, FilesThatAreNoImages) {
  const fs::path class_folder = run_.data() / "class0";
  const std::string png = file_text(class_folder / "1000.png");
  const std::map<std::string, std::string> bad = {
      {"cut.png", png.substr(0, png.size() / 2)}, {"text.jpg", "not an image\n"}, {"empty.jpg", ""}};
  for (const auto& [name, bytes] : bad) {
    write(class_folder / name, bytes);
    expect_fault(train({"train.steps=10"}), 3, {name});
    fs::remove(class_folder / name);
    fs::remove_all(run_.at("out"));
  }
}

TEST_F(Faults, FilesThatCannotBeOpened) {
  const fs::path folder = run_.data() / "class0";
  fs::create_directories(folder / "folder.jpg");
  expect_fault(train({"train.steps=10"}), 3, {"folder.jpg"});
  fs::remove(folder / "folder.jpg");
  fs::remove_all(run_.at("out"));
  fs::create_symlink("loop.jpg", folder / "loop.jpg");
  expect_fault(train({"train.steps=10"}), 3, {"loop.jpg"});
}

TEST_F(Faults, BadFilesUpToTheLimitAreReplacedAndListed) {
  write(run_.data() / "class1" / "bad1.jpg", "x");
  write(run_.data() / "class2" / "bad2.jpg", "y");
  const Result result = run_.train("out", {"data.max_bad=2", "train.steps=18"});
  ASSERT_EQ(result.code, 0) << result.err;
  const std::string listed = file_text(run_.at("out") / "bad_files.jsonl");
  EXPECT_EQ(std::count(listed.begin(), listed.end(), '\n'), 2) << listed;
  EXPECT_NE(listed.find("bad1.jpg"), std::string::npos);
  ASSERT_EQ(run_.train("other", {"data.max_bad=2", "train.steps=18", "data.workers=3"}).code, 0);
  EXPECT_EQ(hash_of(run_.at("out") / "model.safetensors"), hash_of(run_.at("other") / "model.safetensors"));
  expect_fault(run_.train("third", {"data.max_bad=1", "train.steps=18"}), 3, {"max_bad"});
}

TEST_F(Faults, ABadImageOfTheLastEvaluationLeavesTheTrainedModel) {
  const fs::path val = run_.at("val"), bad = val / "class0" / "1001.png";
  make_images(val, 4);
  write(bad, "x");
  const std::vector<std::string> more = {"data.val=" + val.string(), "eval.every_epochs=0", "data.max_bad=5"};
  for (const char* ranks : {"2", "1"}) {  // the second time there is only the evaluation left
    auto words = more;
    words.insert(words.end(), {"--ranks", ranks});
    const Result result = train(words);
    expect_fault(result, 3, {"1001.png", "training is complete", "max_bad"});
    EXPECT_TRUE(fs::exists(run_.at("out") / "model.safetensors"));
    fs::remove(run_.at("out") / "model.safetensors");
  }
  fs::remove(bad);
  EXPECT_EQ(train(more).code, 0);
  EXPECT_NE(file_text(run_.at("out") / "metrics.jsonl").find("\"kind\":\"eval\""), std::string::npos);
}

TEST_F(Faults, ABadImageIsLeftOutOfThePicture) {
  write(run_.data() / "class0" / "0001.png", "x");
  const Result result = train({"data.max_bad=1"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(fs::exists(run_.at("out") / "reconstructions/step-00000016.png")) << result.err;
}

TEST_F(Faults, TarCutShort) {
  const std::string command = "tar -C " + run_.data().string() + " -cf " + run_.at("all.tar").string() + " .";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::string tar = "data.train=" + run_.at("all.tar").string();
  const std::string cache = "LUVIT_CACHE=" + run_.at("cache").string();
  EXPECT_EQ(run("luvit_pretrain", run_.words("tar", {tar}), {cache}).code, 0);
  fs::resize_file(run_.at("all.tar"), fs::file_size(run_.at("all.tar")) / 2 + 100);
  expect_fault(run("luvit_pretrain", run_.words("cut", {tar}), {cache}), 3, {"all.tar"});
}

TEST_F(Faults, WeightsThatAreNoBlock) {
  const auto with = [&](const fs::path& path) { return train({"model.fusion.weights=" + path.string()}); };
  write(run_.at("torn.safetensors"), std::string(64, '\xff'));
  expect_fault(with(run_.at("torn.safetensors")), 3, {"torn.safetensors"});
  expect_fault(with(run_.at("gone.safetensors")), 3, {"gone.safetensors"});
  write_safetensors(run_.at("foreign.safetensors"), {{"something.weight", at::ones({4, 4})}}, {});
  expect_fault(with(run_.at("foreign.safetensors")), 3, {"foreign.safetensors"});
  write_block(run_.at("block.safetensors"));
  expect_fault(with(run_.at("block.safetensors")), 3, {"block.safetensors", "48", "40"});
  fs::create_directories(run_.at("gemma"));
  write(run_.at("gemma") / "config.json", R"({"model_type": "gemma", "hidden_size": 32})");
  expect_fault(with(run_.at("gemma")), 3, {"gemma"});
}

TEST_F(Faults, TheLossIsNotFinite) {
  const Result result = train({"optim.lr=1e30"});
  expect_fault(result, 1, {"step ", "rank 0"});
  const fs::path folder = run_.at("out") / "nonfinite";
  ASSERT_TRUE(fs::exists(folder));
  int reports = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") {
      const auto report = nlohmann::json::parse(file_text(entry.path()));
      EXPECT_EQ(report.at("index").size(), 8U);
      EXPECT_TRUE(report.at("gradient_norms").contains("blocks.0"));
    } else {
      EXPECT_TRUE(SafetensorsFile(entry.path()).has("images"));
    }
    ++reports;
  }
  EXPECT_EQ(reports, 2);
  EXPECT_FALSE(fs::exists(run_.at("out") / "model.safetensors"));
}

TEST_F(Faults, WrongConfigs) {
  const auto with = [&](const std::string& text) {
    run_.write_config(text);
    return train({});
  };
  const std::string good = run_.config_text();
  expect_fault(with(good + "modle: {dim: 3}\n"), 2, {"modle", "model", ":14"});
  expect_fault(with(good + "mae: {mask_ratio: many}\n"), 2, {"mask_ratio", "many"});
  expect_fault(with("a: [1, 2\nb: }"), 2, {"config.yaml"});
  expect_fault(with("base: config.yaml\n"), 2, {"config.yaml"});
  run_.write_config(good);
  expect_fault(train({"train.stepz=3"}), 2, {"train.stepz", "train.steps"});
  expect_fault(train({"model.heads=5"}), 2, {"heads", "5"});
  expect_fault(train({"--nonsense"}), 2, {"--nonsense"});
}

TEST_F(Faults, NoCudaDevice) {
  expect_fault(run("luvit_pretrain", run_.words("out", {"train.device=cuda"}), {"CUDA_VISIBLE_DEVICES="}), 2, {"cuda"});
}

TEST_F(Faults, FolderInUse) {
  Process first("luvit_pretrain", run_.words("out", {"train.steps=100000"}));
  ASSERT_TRUE(first.wait_until([&] { return fs::exists(run_.at("out") / "checkpoints"); }));
  expect_fault(train({}), 2, {run_.at("out").string()});
}

TEST_F(Faults, ADryRunLooksAtTheOutputFolderAndMakesNone) {
  EXPECT_EQ(train({"--dry-run"}).code, 0);
  EXPECT_FALSE(fs::exists(run_.at("out")));
  write(run_.at("out"), "a file\n");
  expect_fault(train({"--dry-run"}), 2, {"--output", run_.at("out").string(), "not a folder"});
}

// A checkpoint refers to the block; whoever moved it is told where it was and what holds everything.
TEST_F(Faults, ACheckpointsBlockThatHasGone) {
  const fs::path block = run_.at("block.safetensors");
  write_block(block);
  ASSERT_EQ(train({"model.fusion.weights=" + block.string(), "model.fusion.hidden=40", "train.steps=4"}).code, 0);
  fs::rename(block, run_.at("moved.safetensors"));
  const std::string checkpoint = (run_.at("out") / "checkpoints/step-00000004").string();
  const std::string out = run_.at("features.safetensors").string();
  for (const Result& result : {run("luvit_infer", {"--weights", checkpoint, "--images", run_.data().string(), "--emit",
                                                   "features", "--out", out}),
                               run("luvit_convert", {"export", checkpoint, "--format", "luvit", "--out", out})})
    expect_fault(result, 3, {checkpoint, block.string(), "model.safetensors"});
}

class Mounts : public Faults {
 protected:
  void mount_tmpfs(const std::string& options, unsigned long flags = 0) {
    place_ = run_.at("mounted");
    fs::create_directories(place_);
    if (::mount("tmpfs", place_.c_str(), "tmpfs", flags, options.c_str()) != 0) GTEST_SKIP() << "mounting needs root";
  }
  ~Mounts() override {
    if (!place_.empty()) ::umount2(place_.c_str(), MNT_DETACH);
  }
  fs::path place_;
};

TEST_F(Mounts, DiskFull) {
  mount_tmpfs("size=4m");
  if (IsSkipped()) return;
  const std::vector<std::string> words = {
      "--config",       run_.config().string(),     "--output",           (place_ / "out").string(),
      "train.steps=60", "checkpoint.every_steps=1", "checkpoint.keep=100"};
  expect_fault(run("luvit_pretrain", words), 1, {"full"});
  // What was saved before is untouched: with room again, the same command goes on.
  int saved = 0;
  for (const auto& entry : fs::directory_iterator(place_ / "out/checkpoints"))
    if (entry.path().extension().empty() && entry.is_directory()) ++saved;
  EXPECT_GE(saved, 1);
  ASSERT_EQ(::mount("tmpfs", place_.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  const Result resumed = run("luvit_pretrain", words);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_NE(resumed.out.find("resuming from"), std::string::npos);
}

TEST_F(Mounts, ReadOnlyOutput) {
  mount_tmpfs("size=4m", MS_RDONLY);
  if (IsSkipped()) return;
  for (const char* where : {"out", "out/deeper/still"}) {
    const std::string out = (place_ / where).string();
    expect_fault(run("luvit_pretrain", {"--config", run_.config().string(), "--output", out}), 2, {place_.string()});
    expect_fault(run("luvit_pretrain", {"--config", run_.config().string(), "--output", out, "--dry-run"}), 2,
                 {place_.string()});
  }
}

}  // namespace
}  // namespace luvit::test
