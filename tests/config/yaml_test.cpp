#include <cstdlib>

#include "config_files.h"
#include "luvit/core/random.h"

namespace luvit {
namespace {

TEST(Yaml, SyntaxErrorsNameFileLineAndReason) {
  ConfigFiles files;
  std::string said = Config().complaint(files.write("e.yaml", "a: [1, 2\nb: }"));
  EXPECT_EQ(said.rfind("e.yaml:2: not YAML: ", 0), 0u) << said;
  EXPECT_EQ(said.find('\n'), std::string::npos);
  EXPECT_EQ(Config().complaint("", {"model.dim=[1"}).rfind("command line: not YAML: ", 0), 0u);
}

TEST(Yaml, WhatYamlAllowsAndAConfigDoesNot) {
  ConfigFiles files;
  auto said = [&](const std::string& text) { return Config().complaint(files.write("e.yaml", text)); };
  EXPECT_EQ(said("model: {dim: 8}\noptim: {}\nmodel: {dim: 9}\n"),
            "e.yaml:3: key `model` stands twice in this section, first at e.yaml:1");
  EXPECT_EQ(said("model:\n  dim: 8\n  dim: 8\n"),
            "e.yaml:3: key `dim` stands twice in this section, first at e.yaml:2");
  EXPECT_NE(said("model: &a {dim: 8}\nx-b:\n  <<: *a\n").find("e.yaml:3: the merge key `<<` is not supported"),
            std::string::npos);
  EXPECT_NE(said("model: {dim: 8}\n---\nmodel: {dim: 9}\n").find("a second document begins here"), std::string::npos);
  EXPECT_EQ(said("- a\n- b\n"), "e.yaml:1: expected keys and values, found `[a, b]`");
  EXPECT_EQ(said("just words\n"), "e.yaml:1: expected keys and values, found `just words`");
  EXPECT_EQ(said("? [a, b]\n: 3\n"), "e.yaml:1: a key must be a word, found `[a, b]`");
  EXPECT_EQ(said("model: {dim: !!str 8}\n").find("e.yaml:1: the tag `tag:yaml.org,2002:str` means nothing here"), 0u);
  EXPECT_EQ(said("x-note: &a [*a]\n"), "e.yaml:1: an alias stands inside what it refers to");
}

TEST(Yaml, AnchorsWork) {
  ConfigFiles files;
  Config c;
  c.read(files.write("c.yaml", "x-size: &size 64\nmodel: {dim: *size, decoder: {dim: *size}}\n"));
  EXPECT_EQ(c.model.dim, 64);
  EXPECT_EQ(c.model.decoder.dim, 64);
}

TEST(Yaml, ControlCharactersAreEscaped) {
  ConfigFiles files;
  std::string said = Config().complaint(files.write("e.yaml", "model: {\"di\\e[31mm\": 3, heads: \"\\e[0m\"}\n"));
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
  EXPECT_NE(said.find("`model.di\\x1b[31mm`"), std::string::npos) << said;
}

TEST(Yaml, BombsAreRefused) {
  ConfigFiles files;
  std::string laughs = "x-a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n";
  for (int i = 1; i < 12; ++i) {
    std::string below = "*a" + std::to_string(i - 1);
    laughs += "x-a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int j = 0; j < 8; ++j) laughs += ", " + below;
    laughs += "]\n";
  }
  EXPECT_NE(Config().complaint(files.write("e.yaml", laughs)).find("aliases multiply"), std::string::npos);
  EXPECT_NE(Config().complaint(files.write("e.yaml", std::string(2 << 20, '#'))).find("not a config"),
            std::string::npos);
  for (const char* unit : {"[", "{a: ", "- "}) {
    std::string deep;
    for (int i = 0; i < 20000; ++i) deep += unit;
    EXPECT_NE(Config().complaint(files.write("e.yaml", deep)), "") << unit;
  }
}

// Any bytes give a config or a UsageError. LUVIT_FUZZ_COUNT sets how many are tried.
TEST(Yaml, MutatedConfigsNeverDoWorse) {
  const std::string seed_text =
      "# a config\nbase: none.yaml\nx-note: &n {a: [1, 2]}\nmodel:\n  dim: 64\n  fusion: {kind: llama, lora: {targets: "
      "[q, v]}}\n"
      "  mlp_ratio: 4.0\ndata:\n  train: 'a b'\n  val: \"c\\td\"\noptim: {lr: 1e-3, betas: [0.9, 0.95]}\ntrain:\n"
      "  ? batch_size\n  : 8\n  steps: |\n    12\nx-alias: *n\n...\n";
  const std::string pieces[] = {
      "{",   "}",    "[",      "]",  ": ", "- ",  "? ",    "&a ", "*a", "*n", "<<: *n\n",    "---\n",        "...\n",
      "|\n", ">-\n", "!!map ", "!<", "\"", "'",   "\n",    "\t",  "  ", "#",  "%YAML 1.2\n", "\xef\xbb\xbf", "\xff\xfe",
      "010", "0x10", "null",   "~",  ",",  "\\x", "\\u12", "@",   "`",  "\r"};
  const char* wanted = std::getenv("LUVIT_FUZZ_COUNT");
  const int count = wanted ? std::atoi(wanted) : 3000;
  ConfigFiles files;
  int accepted = 0;
  for (int i = 0; i < count; ++i) {
    Random random(1, 0, static_cast<std::uint64_t>(i), Purpose::synthetic);
    std::string text = seed_text;
    for (std::uint64_t edits = 1 + random.below(6); edits > 0; --edits) {
      std::size_t at = random.below(text.size() + 1), length = std::min<std::size_t>(random.below(9), text.size() - at);
      switch (random.below(4)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, pieces[random.below(std::size(pieces))]);
          break;
        case 2:
          text.insert(at, text.substr(random.below(text.size() + 1), random.below(40)));
          break;
        default:
          if (at < text.size()) text[at] = static_cast<char>(random.below(256));
      }
    }
    try {
      Config().read(files.write("m.yaml", text));
      ++accepted;
    } catch (const UsageError&) {
    }
  }
  EXPECT_LT(accepted, count);
}

}  // namespace
}  // namespace luvit
