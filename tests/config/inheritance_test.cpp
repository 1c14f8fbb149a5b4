#include "config_files.h"

namespace luvit {
namespace {

TEST(Inheritance, MapsMergeListsReplaceNullDeletes) {
  ConfigFiles files;
  files.write("base.yaml",
              "model: {dim: 8, depth: 3, heads: 2}\noptim: {betas: [0.1, 0.2], clip_grad: 1}\ndata: {train: [a, b]}\n");
  Config c;
  auto written = c.read(files.write(
      "c.yaml", "base: base.yaml\nmodel: {depth: null, heads: 4}\noptim:\n  clip_grad:\ndata: {train: c}\n"));
  EXPECT_EQ(c.model.dim, 8);
  EXPECT_EQ(c.model.depth, 12);
  EXPECT_EQ(c.model.heads, 4);
  EXPECT_FALSE(c.optim.clip_grad);
  EXPECT_EQ(c.optim.betas, (std::vector<double>{0.1, 0.2}));
  EXPECT_EQ(c.data.train, std::vector<std::string>{"c"});
  EXPECT_FALSE(written.has("model.depth"));
  EXPECT_EQ(written.where("model.dim"), files.path("base.yaml:1"));
  EXPECT_EQ(written.where("model.heads"), files.path("c.yaml:2"));
}

TEST(Inheritance, ANullSectionDeletesAllOfIt) {
  ConfigFiles files;
  files.write("base.yaml", "model: {dim: 8}\n");
  Config c;
  c.read(files.write("c.yaml", "base: base.yaml\nmodel:\n"));
  EXPECT_EQ(c.model.dim, 768);
  Config d;
  d.read(files.path("base.yaml"), {"model.dim=null", "model.depth=2"});
  EXPECT_EQ(d.model.dim, 768);
  EXPECT_EQ(d.model.depth, 2);
}

TEST(Inheritance, BasesAreRelativeToTheirFileAndLaterOnesWin) {
  ConfigFiles files;
  files.write("shared/size.yaml", "base: deeper/depth.yaml\nmodel: {dim: 8}\n");
  files.write("shared/deeper/depth.yaml", "model: {depth: 2, dim: 4}\n");
  files.write("other.yaml", "model: {dim: 16}\n");
  Config c;
  c.read(files.write("runs/c.yaml", "base: [../shared/size.yaml, ../other.yaml]\nmodel: {heads: 2}\n"));
  EXPECT_EQ(c.model.depth, 2);
  EXPECT_EQ(c.model.dim, 16);
  EXPECT_EQ(c.model.heads, 2);
}

TEST(Inheritance, ADiamondIsNoCycle) {
  ConfigFiles files;
  files.write("root.yaml", "model: {dim: 8}\n");
  files.write("a.yaml", "base: root.yaml\n");
  files.write("b.yaml", "base: root.yaml\n");
  EXPECT_EQ(Config().complaint(files.write("c.yaml", "base: [a.yaml, b.yaml]\n")), "");
}

TEST(Inheritance, CyclesAndMissingBasesAreNamed) {
  ConfigFiles files;
  EXPECT_EQ(Config().complaint(files.write("a.yaml", "base: a.yaml\n")),
            "a.yaml:1: `base` leads back to a.yaml: a config cannot inherit from itself");
  files.write("b.yaml", "\nbase: c.yaml\n");
  EXPECT_EQ(Config().complaint(files.write("c.yaml", "base: ./b.yaml\n")),
            "b.yaml:2: `base` leads back to c.yaml: a config cannot inherit from itself");
  EXPECT_EQ(Config().complaint(files.write("d.yaml", "base: [not-there.yaml, gone.yaml]\n")),
            "d.yaml:1: config file not-there.yaml is not there\nd.yaml:1: config file gone.yaml is not there");
  EXPECT_NE(Config().complaint(files.path("none.yaml")).find("--config: config file none.yaml is not there"),
            std::string::npos);
  EXPECT_NE(Config().complaint(files.write("e.yaml", "base: {a: b}\n")).find("expected a file or a list of files"),
            std::string::npos);
  EXPECT_NE(Config().complaint(files.write("f.yaml", "base: .\n")).find("it is a folder"), std::string::npos);
}

TEST(Inheritance, MistakesInABaseCarryItsName) {
  ConfigFiles files;
  files.write("base.yaml", "\nmodel: {dmi: 8}\n");
  EXPECT_EQ(Config().complaint(files.write("c.yaml", "base: base.yaml\n")),
            "base.yaml:2: key `model.dmi` is unknown; did you mean `model.dim`?");
}

TEST(Inheritance, AnotherKindDropsWhatBelongedToTheFirst) {
  ConfigFiles files;
  files.write("luvit.yaml", "model: {dim: 8, fusion: {hidden: 48, bias: false, lora: {rank: 3}, weights: random}}\n");
  auto path = files.write("mlp.yaml", "base: luvit.yaml\nmodel: {fusion: {kind: mlp, activation: none}}\n");
  Config c;
  auto written = c.read(path);
  EXPECT_EQ(c.model.fusion.kind, FusionKind::mlp);
  EXPECT_EQ(c.model.fusion.hidden, 4096);  // the block's hidden size was no MLP's
  EXPECT_TRUE(c.model.fusion.bias);
  EXPECT_EQ(c.model.dim, 8);
  EXPECT_FALSE(written.has("model.fusion.lora.rank"));
  Config d;  // overrides stand together: the kind does not drop what is written beside it
  d.read(files.path("luvit.yaml"), {"model.fusion.hidden=40", "model.fusion.kind=mlp"});
  EXPECT_EQ(d.model.fusion.hidden, 40);
  Config e;  // the same kind written again changes nothing
  e.read(files.path("luvit.yaml"), {"model.fusion.kind=llama"});
  EXPECT_EQ(e.model.fusion.hidden, 48);
  Config f;  // back to the default kind by null
  EXPECT_EQ(f.complaint(path, {"model.fusion.kind=null", "model.fusion.lora.rank=2"}), "");
  EXPECT_EQ(f.model.fusion.hidden, 11008);
}

}  // namespace
}  // namespace luvit
