#include "config_files.h"

namespace luvit {
namespace {

TEST(ReadConfig, FillsTheOptionsAndKnowsWhereEachKeyStands) {
  ConfigFiles files;
  Config c;
  auto written = c.read(files.write("c.yaml",
                                    "model:\n  dim: 64\n  mlp_ratio: 2\n  pos_embed: learned\n"
                                    "  fusion: {weights: some/block, lora: {targets: [q, v, down]}}\n"
                                    "data: {train: [a, b], workers: 3}\n"
                                    "optim:\n  lr: 1e-3\n  betas: [0.9, .999]\n  clip_grad: 3.0\n"
                                    "mae: {norm_pix: false}\n"
                                    "train: {seed: 18446744073709551615}\n"),
                        {"train.batch_size=8", "augment.crop_scale=[0.5, 1]"});
  EXPECT_EQ(c.model.dim, 64);
  EXPECT_EQ(c.model.mlp_ratio, 2.0);
  EXPECT_EQ(c.model.pos_embed, PosEmbed::learned);
  EXPECT_EQ(c.model.fusion.weights, "some/block");
  EXPECT_EQ(c.model.fusion.lora.targets, (std::vector<std::string>{"q", "v", "down"}));
  EXPECT_EQ(c.data.train, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(c.optim.lr, 1e-3);
  EXPECT_EQ(c.optim.betas, (std::vector<double>{0.9, 0.999}));
  EXPECT_EQ(c.optim.clip_grad, 3.0);
  EXPECT_FALSE(c.masking.norm_pix);
  EXPECT_EQ(c.seed, 18446744073709551615u);
  EXPECT_EQ(c.batch_size, 8);
  EXPECT_EQ(c.crop.crop_scale[0], 0.5);
  EXPECT_EQ(c.model.depth, 12);  // untouched
  EXPECT_EQ(written.where("model.dim"), files.path("c.yaml:2"));
  EXPECT_EQ(written.where("train.batch_size"), "command line");
  EXPECT_FALSE(written.has("model.depth"));
  EXPECT_EQ(written.where("model.depth"), "default");
}

TEST(ReadConfig, NoFileAndEmptyFilesAreFine) {
  ConfigFiles files;
  EXPECT_EQ(Config().complaint("", {"model.dim=4"}), "");
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "~\n"})
    EXPECT_EQ(Config().complaint(files.write("c.yaml", text)), "") << text;
}

TEST(ReadConfig, ReportsEverythingAtOnceInOrder) {
  ConfigFiles files;
  auto path = files.write("c.yaml",
                          "modle: {dim: 3}\n"
                          "optim:\n"
                          "  warmup_epochs: soon\n"
                          "  weight_decy: 2\n"
                          "  learing_rate_x: 1\n"
                          "train: {batch_size: 0, precision: float9}\n"
                          "depth: 3\n");
  EXPECT_EQ(Config().complaint(path, {"train.stepz=3"}),
            "c.yaml:1: key `modle` is unknown; did you mean `model`?\n"
            "c.yaml:3: key `optim.warmup_epochs`: expected a number ≥ 0, found `soon`\n"
            "c.yaml:4: key `optim.weight_decy` is unknown; did you mean `optim.weight_decay`?\n"
            "c.yaml:5: key `optim.learing_rate_x` is unknown\n"
            "c.yaml:6: key `train.batch_size`: expected an integer from 1 to 1000000000, found `0`\n"
            "c.yaml:6: key `train.precision`: expected one of float32, bfloat16, found `float9`\n"
            "c.yaml:7: key `depth` is unknown; it exists under `model.`, `model.decoder.`\n"
            "command line: key `train.stepz` is unknown; did you mean `train.steps`?");
}

struct Wrong {
  const char *key, *value, *said;
};

TEST(ReadConfig, TypesAreStrict) {
  const char* const decimal = " (numbers are decimal: no leading zeros, no 0x, no _)";
  const Wrong cases[] = {
      {"model.dim", "many", "expected an integer from 1 to 1048576, found `many`"},
      {"model.dim", "\"8\"", "found `\"8\"`"},
      {"model.dim", "8.0", "found `8.0`"},
      {"model.dim", "010", decimal},
      {"model.dim", "0x10", decimal},
      {"model.dim", "1_000", decimal},
      {"model.dim", "-1", "found `-1`"},
      {"model.dim", "99999999999999999999", "found `99999999999999999999`"},
      {"model.dim", "[8]", "found `[8]`"},
      {"model.dim", "{a: 1}", "found a section"},
      {"train.seed", "-1", "expected an integer ≥ 0"},
      {"train.seed", "18446744073709551616", "found `18446744073709551616`"},
      {"optim.weight_decay", "010", decimal},
      {"optim.weight_decay", ".inf", "found `.inf`"},
      {"optim.weight_decay", "nan", "found `nan`"},
      {"optim.weight_decay", "1e400", "found `1e400`"},
      {"optim.weight_decay", "-0.1", "expected a number ≥ 0, found `-0.1`"},
      {"model.drop_path", "1", "expected a number ≥ 0 and < 1, found `1`"},
      {"mae.mask_ratio", "0", "expected a number > 0 and < 1"},
      {"optim.layer_decay", "0", "expected a number > 0 and ≤ 1"},
      {"optim.betas", "[0.9]", "expected a list of 2 numbers ≥ 0 and < 1, found `[0.9]`"},
      {"optim.betas", "[0.9, 1]", "found `[0.9, 1]`"},
      {"optim.betas", "0.9", "found `0.9`"},
      {"mae.norm_pix", "yes", "expected true or false, found `yes`"},
      {"mae.norm_pix", "True", "found `True`"},
      {"mae.norm_pix", "1", "found `1`"},
      {"data.train", "{a: b}", "expected a string or a list of them, found a section"},
      {"data.train", "[[a]]", "expected a string or a list of them"},
      {"model.pool", "max", "expected one of mean, cls, found `max`"},
      {"distributed.timeout_s", "4.9", "expected a number from 5 to 1000000"},
      {"model", "3", "expected a section with keys of its own, found `3`"},
  };
  ConfigFiles files;
  for (const auto& wrong : cases) {
    std::string said = Config().complaint("", {std::string(wrong.key) + "=" + wrong.value});
    EXPECT_EQ(said.rfind(std::string("command line: key `") + wrong.key + "`: expected ", 0), 0u) << said;
    EXPECT_NE(said.find(wrong.said), std::string::npos) << wrong.value << ": " << said;
    EXPECT_EQ(said.find('\n'), std::string::npos);
  }
}

TEST(ReadConfig, NumbersInTheirUsualForms) {
  for (const char* value : {"1e-3", "0.001", ".001", "1.0e-3", "+1e-3", "1E-03"}) {
    Config c;
    c.read("", {std::string("optim.lr=") + value});
    EXPECT_EQ(c.optim.lr, 1e-3) << value;
  }
  Config c;
  c.read("", {"optim.lr=8", "model.fusion.layer=-1", "data.train=2012", "data.val=true"});
  EXPECT_EQ(c.optim.lr, 8.0);
  EXPECT_EQ(c.data.train, std::vector<std::string>{"2012"});  // a folder may be called anything
  EXPECT_EQ(c.data.val, std::vector<std::string>{"true"});
}

TEST(ReadConfig, NotesAreIgnoredAtAnyLevel) {
  ConfigFiles files;
  auto path =
      files.write("c.yaml", "x-why: [1, {a: b}]\nmodel: {x-note: tried 64, dim: 32}\noptim:\n  x-a: {dim: 1}\n");
  Config c;
  EXPECT_EQ(c.complaint(path, {"x-also=1", "model.x-b=2"}), "");
  EXPECT_EQ(c.model.dim, 32);
}

TEST(ReadConfig, UnknownKeysInTheWrongPlaceAreLedHome) {
  ConfigFiles files;
  EXPECT_EQ(Config().complaint(files.write("a.yaml", "optim: {batch_size: 3}\n")),
            "a.yaml:1: key `optim.batch_size` is unknown; it exists under `train.`");
  EXPECT_EQ(Config().complaint(files.write("a.yaml", "model.dim: 3\n")),
            "a.yaml:1: key `model.dim`: in a file sections are nested (`model:`, then the rest below it, indented)");
  EXPECT_EQ(Config().complaint("", {"mae.optim.lr=3"}),
            "command line: key `mae.optim` is unknown; `optim` stands at the top level");
}

TEST(ReadConfig, OverridesMustHaveAKey) {
  for (const char* word : {"steps", "=3", ".a=3", "a.=3", "a..b=1"})
    EXPECT_NE(Config().complaint("", {word}).find("is not an override: expected key.path=value"), std::string::npos);
  EXPECT_EQ(Config().complaint("", {"base=x.yaml"}), "command line: key `base` stands in config files only");
  EXPECT_EQ(Config().complaint("", {"train.steps="}),
            "command line: `train.steps=` has no value: write train.steps=null to take the default");
  Config c;
  c.read("", {"data.train=shards-{000..127}.tar", "model.fusion={kind: mlp, hidden: 7}", "optim.lr=1", "optim.lr=2"});
  EXPECT_EQ(c.data.train[0], "shards-{000..127}.tar");
  EXPECT_EQ(c.model.fusion.hidden, 7);
  EXPECT_EQ(c.optim.lr, 2.0);
}

// What a shell makes of train-{0..1}.tar.
TEST(ReadConfig, OverridesGivenTwiceAreSaid) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Config().complaint("", {"train.steps=3", "train.steps=4", "train.batch_size=8", "train.batch_size=8"}), "");
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("`train.steps` is given 2 times; the last counts: 4"), std::string::npos) << said;
  EXPECT_EQ(said.find("train.batch_size"), std::string::npos) << said;
}

TEST(ReadConfig, PairsExcludeEachOther) {
  ConfigFiles files;
  std::string said = Config().complaint(files.write("a.yaml", "optim:\n  lr: 1\n  base_lr: 2\n"));
  EXPECT_EQ(said,
            "a.yaml:3: keys `optim.lr` (line 2) and `optim.base_lr` (line 3) say the same thing: expected one of them");
  auto base = files.write("base.yaml", "optim: {lr: 1}\ntrain: {steps: 5}\n");
  Config c;
  auto written = c.read(files.write("b.yaml", "base: base.yaml\noptim: {base_lr: 2}\n"), {"train.epochs=3"});
  EXPECT_FALSE(c.optim.lr);
  EXPECT_EQ(c.optim.base_lr, 2.0);
  EXPECT_FALSE(c.steps);
  EXPECT_FALSE(written.has("optim.lr"));
  Config d;  // a later override replaces an earlier one
  d.read("", {"optim.base_lr=2", "optim.lr=3"});
  EXPECT_EQ(d.optim.lr, 3.0);
}

TEST(ReadConfig, KeysOfAnotherKindAreRefused) {
  ConfigFiles files;
  EXPECT_EQ(Config().complaint(files.write("a.yaml", "model:\n  fusion:\n    kind: mlp\n    lora: {rank: 3}\n")),
            "a.yaml:4: key `model.fusion.lora.rank`: it belongs to model.fusion.kind: llama, and here that is `mlp`");
  EXPECT_NE(Config().complaint("", {"model.fusion.kind=none", "model.fusion.hidden=3"}).find("llama or mlp"),
            std::string::npos);
  // A kind that is itself wrong is the only complaint.
  EXPECT_EQ(Config().complaint("", {"model.fusion.kind=lama", "model.fusion.hidden=3"}),
            "command line: key `model.fusion.kind`: expected one of none, mlp, llama, found `lama`");
}

TEST(ReadConfig, DefaultsCanDependOnTheKind) {
  Config mlp;
  mlp.read("", {"model.fusion.kind=mlp"});
  EXPECT_EQ(mlp.model.fusion.hidden, 4096);
  EXPECT_TRUE(mlp.model.fusion.bias);
  Config llama;
  llama.read("", {});
  EXPECT_EQ(llama.model.fusion.hidden, 11008);
  EXPECT_FALSE(llama.model.fusion.bias);
}

TEST(ReadConfig, ManyProblemsAreCounted) {
  ConfigFiles files;
  std::string text;
  for (int i = 0; i < 40; ++i) text += "qwertyuiop" + std::to_string(i) + ": 1\n";
  std::string said = Config().complaint(files.write("c.yaml", text));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 30);
  EXPECT_NE(said.find("… and 10 more"), std::string::npos);
}

TEST(RaiseProblems, NamesThePlaces) {
  Config c;
  auto written = c.read("", {"model.heads=5"});
  EXPECT_NO_THROW(raise_problems({}, written));
  try {
    raise_problems(check_model(c.model), written);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "command line: key `model.heads`: 5 does not divide model.dim 768");
  }
}

}  // namespace
}  // namespace luvit
