// luvit_convert as a person runs it: what it prints, its exit codes, and no file after a failure.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "process.h"

namespace luvit::test {
namespace {

std::string fixture(const std::string& name) {
  return std::string(LUVIT_SOURCE_DIR) + "/tests/parity/fixtures/" + name;
}

void expect_failure(const std::vector<std::string>& words, int code, const std::string& what) {
  const Result result = run("luvit_convert", words);
  EXPECT_EQ(result.code, code) << result.err;
  EXPECT_NE(result.err.find(what), std::string::npos) << result.err;
  EXPECT_TRUE(result.last_error_line().starts_with("hint: ")) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST(Convert, BringsMaesCheckpointInAndHandsTimmItsEncoder) {
  TemporaryFolder folder;
  const std::string ours = (folder / "mae.safetensors").string(), theirs = (folder / "timm.safetensors").string();
  Result result = run("luvit_convert", {"import", fixture("weights/mae_checkpoint.pth"), "--out", ours});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("heads       12"), std::string::npos) << result.out;

  result = run("luvit_convert", {"inspect", ours, "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("kind"), "pretraining");
  EXPECT_EQ(json.at("tensors").at("mask_token"), nlohmann::json({{"dtype", "F32"}, {"shape", {1, 1, 32}}}));
  EXPECT_EQ(json.at("metadata").at("luvit.format"), "1");
  EXPECT_EQ(nlohmann::json::parse(json.at("metadata").at("luvit.model").get<std::string>()).at("heads"), 12);

  result = run("luvit_convert", {"export", ours, "--format", "timm", "--out", theirs});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("num_classes=0)"), std::string::npos) << result.out;
  result = run("luvit_convert", {"inspect", theirs});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("timm.safetensors: timm, 18 tensors"), std::string::npos) << result.out;
}

TEST(Convert, AnswersMistakes) {
  TemporaryFolder folder;
  const std::string out = (folder / "out").string();
  expect_failure({}, 2, "no command given");
  expect_failure({"imprt"}, 2, "the nearest is import");
  expect_failure({"import", fixture("weights/timm.safetensors")}, 2, "--out");
  expect_failure({"import", fixture("weights/timm.safetensors"), "--out", out, "--head", "3"}, 2, "--head");
  expect_failure({"import", fixture("weights/timm.safetensors"), "--out", out, "--heads", "three"}, 2, "--heads");
  expect_failure({"import", fixture("weights/timm.safetensors"), "--out", out}, 3, "do not divide the width, 12");
  expect_failure({"import", fixture("nowhere"), "--out", out}, 3, "no such file or folder");
  expect_failure({"export", fixture("weights/timm.safetensors"), "--out", out, "--format", "onnx"}, 2, "onnx");
  expect_failure({"export", fixture("weights/timm.safetensors"), "--out", out, "--format", "luvit"}, 3,
                 "no luvit.model");
  const std::string nowhere = (folder / "no/such/folder").string();
  expect_failure({"import", fixture("weights/mae_checkpoint.pth"), "--out", nowhere}, 2, "no/such does not exist");
  expect_failure({"export", fixture("weights/timm.safetensors"), "--format", "luvit", "--out", nowhere}, 2,
                 "no/such does not exist");
  std::ofstream(folder / "text.pth") << "this is text, whatever its name says";
  expect_failure({"import", (folder / "text.pth").string(), "--out", out}, 3, "text.pth");
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(Convert, HelpsBeforeItComplains) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--help"}, {"import", "--help"}, {"export", "-h"}}) {
    const Result result = run("luvit_convert", words);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_NE(result.out.find("--out"), std::string::npos) << result.out;
  }
}

}  // namespace
}  // namespace luvit::test
