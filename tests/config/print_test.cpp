#include "config_files.h"

namespace luvit {
namespace {

TEST(PrintConfig, ReadsBackAsTheSameConfig) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"model.fusion.kind=none"},
      {"model.fusion.kind=mlp", "model.fusion.hidden=40", "optim.lr=0.1"},
      {"data.train=[\"a: b\", 'x#y', \"null\", \"010\", \"q\\\"\\\\\\n\", 東京, \"\", \"- a\", \"*a\", ' b ']",
       "train.steps=12"},
      {"optim.weight_decay=1e-7", "optim.clip_grad=0.30000000000000004", "train.seed=18446744073709551615"},
      {"data.train=.5", "data.val=/data/a_b-c.d/x", "model.fusion.weights=~/x", "model.fusion.lora.weights=yes"},
  };
  ConfigFiles files;
  for (const auto& overrides : cases) {
    Config first, second;
    first.read("", overrides);
    std::string text = print_config(first.schema);
    second.read(files.write("config.yaml", text));
    EXPECT_EQ(print_config(second.schema), text);
    EXPECT_EQ(second.data.train, first.data.train);
    EXPECT_EQ(second.optim.clip_grad, first.optim.clip_grad);
    EXPECT_EQ(second.model.fusion.lora.weights, first.model.fusion.lora.weights);
    EXPECT_TRUE(config_differences(text, print_config(second.schema)).empty());
  }
}

TEST(PrintConfig, IsNestedYaml) {
  Config c;
  c.read("", {"model.fusion.kind=mlp", "train.steps=12"});
  std::string text = print_config(c.schema);
  EXPECT_EQ(text.rfind("model:\n  image_size: 224\n  patch_size: 16\n", 0), 0u) << text;
  EXPECT_NE(text.find("  fusion:\n    kind: mlp\n    hidden: 4096\n    bias: true\n    activation: gelu\n  decoder:\n  "
                      "  dim: 512\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\noptim:\n  kind: adamw\n  base_lr: 0.00015\n  betas: [0.9, 0.95]\n  eps: 1.0e-08\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  steps: 12\n  seed: 0\n"), std::string::npos) << text;  // and no epochs
}

TEST(ConfigDifferences, NamesKeysAndBothValues) {
  Config a, b;
  a.read("", {"optim.lr=0.003", "model.fusion.kind=mlp"});
  b.read("", {"optim.lr=0.0025"});
  auto differences = config_differences(print_config(a.schema), print_config(b.schema));
  auto find = [&](const std::string& key) {
    for (const auto& d : differences)
      if (d.key == key) return d.before + " -> " + d.after;
    return std::string("equal");
  };
  EXPECT_EQ(find("optim.lr"), "0.003 -> 0.0025");
  EXPECT_EQ(find("model.fusion.kind"), "mlp -> llama");
  EXPECT_EQ(find("model.fusion.activation"), "gelu -> not set");
  EXPECT_EQ(find("model.fusion.lora.rank"), "not set -> 16");
  EXPECT_EQ(find("model.dim"), "equal");
  EXPECT_TRUE(config_differences("a: {b: 1.0e-3}", "a: {b: 0.001}").empty());
}

TEST(PrintHelp, ComesFromTheSchema) {
  Config c;
  std::string all = print_help(c.schema, "");
  for (const auto& field : c.schema.fields()) {
    EXPECT_NE(all.find("  " + field.key + "\n"), std::string::npos) << field.key;
    EXPECT_NE(all.find(field.help), std::string::npos) << field.key;
  }
  std::string key = print_help(c.schema, "model.fusion.hidden");
  for (const char* part : {"an integer", "from 1 to", "11008, 4096 for model.fusion.kind: mlp",
                           "only for  model.fusion.kind: llama or mlp"})
    EXPECT_NE(key.find(part), std::string::npos) << key;
  std::string section = print_help(c.schema, "model.fusion");
  EXPECT_NE(section.find("model.fusion.lora.rank"), std::string::npos);
  EXPECT_EQ(section.find("model.dim"), std::string::npos);
  EXPECT_NE(print_help(c.schema, "data.train").find("must be written"), std::string::npos);
  EXPECT_NE(print_help(c.schema, "data.workers").find("threads"), std::string::npos);
  try {
    print_help(c.schema, "model.dimm");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "no key or section is called `model.dimm`; did you mean `model.dim`?");
  }
}

TEST(PrintHelp, DoesNotChangeWithWhatWasRead) {
  Config c;
  std::string before = print_help(c.schema, "");
  c.read("", {"model.dim=4"});
  EXPECT_EQ(print_help(c.schema, ""), before);
}

TEST(Schema, AKeyIsDeclaredOnce) {
  Config c;
  EXPECT_THROW(c.schema.add("model.dim", c.model.dim, "again"), std::logic_error);
}

}  // namespace
}  // namespace luvit
