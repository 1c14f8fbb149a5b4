#include "luvit/config/command_line.h"

#include <gtest/gtest.h>

#include "luvit/config/options_parser.h"
#include "luvit/core/error.h"
#include "luvit/core/version.h"

namespace luvit {
namespace {

CommandLine parse(std::vector<std::string> words) {
  words.insert(words.begin(), "luvit_pretrain");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  return parse_command_line("luvit_pretrain", "Pretrains.", static_cast<int>(argv.size()), argv.data());
}

std::string complaint(const std::vector<std::string>& words) {
  try {
    parse(words);
  } catch (const UsageError& error) {
    EXPECT_NE(error.hint(), "");
    return error.what();
  }
  return "";
}

TEST(CommandLine, OptionsAndOverrides) {
  auto line = parse({"--config", "c.yaml", "--output=o", "--resume", "none", "--dry-run", "--dump-batches", "20",
                     "--ranks", "1", "--allow-change", "optim.lr", "--allow-change", "train.seed", "train.steps=3",
                     "model.fusion.layer=-1"});
  EXPECT_EQ(line.config, "c.yaml");
  EXPECT_EQ(line.output, "o");
  EXPECT_EQ(line.resume, "none");
  EXPECT_TRUE(line.dry_run);
  EXPECT_EQ(line.dump_batches, 20);
  EXPECT_EQ(line.allow_change, (std::vector<std::string>{"optim.lr", "train.seed"}));
  EXPECT_EQ(line.overrides, (std::vector<std::string>{"train.steps=3", "model.fusion.layer=-1"}));
  EXPECT_FALSE(line.help);
}

TEST(CommandLine, RepeatedOptionDoesNotSwallowOverrides) {
  auto line = parse({"--allow-change", "optim.lr", "optim.lr=3"});
  EXPECT_EQ(line.overrides, std::vector<std::string>{"optim.lr=3"});
}

TEST(CommandLine, Defaults) {
  auto line = parse({});
  EXPECT_EQ(line.resume, "auto");
  EXPECT_EQ(line.dump_batches, 0);
  EXPECT_TRUE(line.overrides.empty());
}

TEST(CommandLine, Help) {
  EXPECT_EQ(parse({"--help"}).help, "");
  EXPECT_EQ(parse({"-h"}).help, "");
  EXPECT_EQ(parse({"--help", "model.dim"}).help, "model.dim");
  EXPECT_EQ(parse({"--help", "model.dim=3"}).help, "model.dim");
  EXPECT_EQ(parse({"--help", "--config", "x"}).help, "");
  EXPECT_NE(parse({"--help"}).options_help.find("--dump-batches"), std::string::npos);
  EXPECT_TRUE(parse({"--version"}).version);
}

TEST(CommandLine, MistakesAreNamed) {
  EXPECT_EQ(complaint({"--nonsense"}), "unknown option --nonsense");
  EXPECT_EQ(complaint({"--nonsense", "a=b"}), "unknown option --nonsense");
  EXPECT_EQ(complaint({"--ouput=x"}), "unknown option --ouput; did you mean --output?");
  EXPECT_EQ(complaint({"--dump-batches", "010"}), "--dump-batches: expected a decimal integer ≥ 0, found `010`");
  EXPECT_EQ(complaint({"--dump-batches", "-1"}).find("--dump-batches"), 0u);
  EXPECT_NE(complaint({"--config"}).find("--config"), std::string::npos);
  EXPECT_NE(complaint({"--config", "a", "--config", "b"}).find("--config"), std::string::npos);
  EXPECT_EQ(complaint({"steps"}), "`steps` is neither an option nor an override: expected key.path=value");
}

TEST(CommandLine, RanksAreCountedFromOne) {
  EXPECT_EQ(parse({"--ranks", "2"}).ranks, 2);
  EXPECT_FALSE(parse({}).ranks);
  EXPECT_NE(complaint({"--ranks", "0"}).find("--ranks"), std::string::npos);
}

TEST(CommandLine, APlanIsADryRunsOfNamedRanks) {
  const CommandLine line = parse({"--dry-run", "--plan-ranks", "32", "--gpu", "a100"});
  EXPECT_EQ(line.plan_ranks, 32);
  EXPECT_EQ(line.gpu, "a100");
  EXPECT_EQ(complaint({"--plan-ranks", "32"}), "--plan-ranks: a plan is made by a dry run");
  EXPECT_EQ(complaint({"--dry-run", "--gpu", "a100"}), "--gpu: is for a plan");
  EXPECT_NE(complaint({"--dry-run", "--plan-ranks", "4", "--ranks", "2"}).find("starts no ranks"), std::string::npos);
}

TEST(OptionsParser, ServesTheOtherPrograms) {
  std::string weights, dtype = "float32", what;
  std::vector<std::string> images;
  std::int64_t batch = 8;
  bool json = false;
  OptionsParser parser("luvit_infer", "Runs a model.");
  parser.add("--weights", weights, "W");
  parser.required("--weights");
  parser.add("--images", images, "paths");
  parser.add("--batch", batch, "N", 1);
  parser.choice("--dtype", dtype, {"float32", "bfloat16"}, "type");
  parser.flag("--json", json, "JSON");
  auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "luvit_infer");
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    parser.parse_words(static_cast<int>(argv.size()), argv.data());
  };
  run({"--images", "a", "b", "--weights", "w", "--batch", "3", "--dtype", "bfloat16", "--json"});
  EXPECT_EQ(images, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(batch, 3);
  EXPECT_EQ(dtype, "bfloat16");
  EXPECT_TRUE(json);
  EXPECT_THROW(run({"--images", "a"}), UsageError);
  EXPECT_THROW(run({"--weights", "w", "--dtype", "float9"}), UsageError);
  EXPECT_THROW(run({"--weights", "w", "surplus"}), UsageError);
}

TEST(Version, NamesItsParts) {
  std::string report = version_report();
  for (const char* part : {"luvit ", "torch 2.", "CUDA ", "NCCL "}) EXPECT_NE(report.find(part), std::string::npos);
}

}  // namespace
}  // namespace luvit
