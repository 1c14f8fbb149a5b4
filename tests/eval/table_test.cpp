#include "luvit/eval/table.h"

#include <gtest/gtest.h>

#include "luvit/core/error.h"
#include "luvit/models/options.h"
#include "luvit/weights/model_file.h"
#include "made_up_run.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;

class TableTest : public testing::Test {
 protected:
  TemporaryFolder folder_;

  MadeUpRun run(const std::string& name) { return MadeUpRun(folder_ / name); }

  // What luvit_eval says of the weights that it was given.
  static Json provenance(const ModelOptions& model, const std::string& training, const std::string& sha256) {
    return {{"weights_sha256", sha256}, {"training", training}, {"model", Json::parse(model_to_json(model))}};
  }
  static ModelOptions luvit_b() {
    ModelOptions model;
    model.fusion.kind = FusionKind::llama;
    model.fusion.weights = "block.safetensors";
    model.fusion.lora.rank = 16;
    return model;
  }
  static Json top1(const std::string& kind, double value, double low, double high) {
    return {{"kind", kind}, {"top1", value}, {"n", 100}, {"interval95", {low, high}}};
  }
  static const TableRow& row(const FilledTable& table, const std::string& key) {
    for (const TableRow& one : table.rows)
      if (one.key == key || (one.key.empty() && one.name == key)) return one;
    throw std::runtime_error("no row " + key);
  }
};

// The paper's sheet of facts, figure by figure.
TEST_F(TableTest, PrintedFigures) {
  const FilledTable table = fill_table(1, {});
  EXPECT_EQ(table.columns,
            (std::vector<std::string>{"IN-1K", "IN-A", "IN-Sketch", "IN-V2", "IN-R", "IN-C", "IN-C (15)", "mCE"}));
  const TableRow& luvit = row(table, "3h");
  const std::vector<std::optional<double>> expected = {0.836, 0.36,  0.368,        0.732,
                                                       0.502, 0.634, std::nullopt, std::nullopt};
  EXPECT_EQ(luvit.paper, expected);
  EXPECT_FALSE(row(table, "3a").paper[3]);
  EXPECT_EQ(row(fill_table(3, {}), "3f").paper[0], 0.833);
  EXPECT_EQ(row(fill_table(4, {}), "4").paper[1], 0.631);
  EXPECT_EQ(row(fill_table(5, {}), "3c").paper[4], 0.133);
  EXPECT_EQ(row(fill_table(6, {}), "6b").paper[0], 0.8063);
  EXPECT_EQ(row(fill_table(7, {}), "3h").paper[5], 0.433);
  EXPECT_THROW(fill_table(2, {}), UsageError);
}

TEST_F(TableTest, OneRunKeepsItsImagesInterval) {
  auto made = run("a");
  made.suite("val", top1("imagenet", 0.83, 0.82, 0.84)).provenance(provenance(luvit_b(), "from_weights", "1"));
  const FilledTable table = fill_table(1, {{"", made.read()}});
  const TableRow& luvit = row(table, "3h");
  EXPECT_EQ(luvit.seeds, 1u);
  ASSERT_TRUE(luvit.ours[0]);
  EXPECT_EQ(luvit.ours[0]->mean, 0.83);
  EXPECT_EQ(luvit.ours[0]->interval->low, 0.82);
  EXPECT_FALSE(luvit.ours[1]);
  EXPECT_TRUE(row(table, "3c").runs.empty());

  const Json json = Json::parse(table_as_json(table)).at("rows").at(3);
  EXPECT_EQ(json.at("row"), "3h");
  EXPECT_EQ(json.at("paper").at("IN-1K"), 0.836);
  EXPECT_NEAR(json.at("difference").at("IN-1K").at("value").get<double>(), -0.006, 1e-12);
  EXPECT_NEAR(json.at("difference").at("IN-1K").at("interval").at(1).get<double>(), 0.004, 1e-12);
  EXPECT_FALSE(json.at("difference").contains("IN-A"));
}

// Three seeds of one row; the second evaluation of one of them, with other suites, is no seed of its own.
TEST_F(TableTest, SeedsAreGrouped) {
  std::vector<TableRun> runs;
  for (int seed = 0; seed < 3; ++seed) {
    auto made = run("seed" + std::to_string(seed));
    made.suite("val", top1("imagenet", 0.80 + 0.01 * seed, 0.7, 0.9))
        .provenance(provenance(luvit_b(), "from_weights", std::to_string(seed)));
    runs.push_back({"", made.read()});
  }
  auto more = run("more");
  more.suite("r", top1("imagenet_r", 0.5, 0.4, 0.6)).provenance(provenance(luvit_b(), "from_weights", "1"));
  runs.push_back({"", more.read()});
  const FilledTable table = fill_table(1, runs);
  const TableRow& luvit = row(table, "3h");
  EXPECT_EQ(luvit.seeds, 3u);
  EXPECT_EQ(luvit.runs.size(), 4u);
  EXPECT_EQ(luvit.ours[0]->values, (std::vector<double>{0.80, 0.80 + 0.01, 0.80 + 0.02}));
  EXPECT_NEAR(luvit.ours[0]->interval->high - 0.81, 9.924843 * 0.01 / std::sqrt(3), 1e-6);
  EXPECT_EQ(luvit.ours[4]->interval->low, 0.4);  // one seed only has IN-R
  ASSERT_EQ(table.warnings.size(), 1u);
  EXPECT_NE(table.warnings[0].find("LUViT/B, IN-R: 1 of 3 seeds have it"), std::string::npos);
}

TEST_F(TableTest, RowsByFusionAndTraining) {
  const auto key_of = [&](int number, const ModelOptions& model, const std::string& training) -> std::string {
    static int made_so_far = 0;
    auto made = run("m" + std::to_string(made_so_far++));
    made.suite("val", top1("imagenet", 0.5, 0.4, 0.6)).provenance(provenance(model, training, "x"));
    for (const TableRow& one : fill_table(number, {{"", made.read()}}).rows)
      if (!one.runs.empty()) return one.key;
    return "nowhere";
  };
  ModelOptions plain, frozen = luvit_b(), random = luvit_b(), mlp, outer = luvit_b();
  plain.fusion.kind = FusionKind::none;
  frozen.fusion.lora.rank = 0;
  random.fusion.weights = "random";
  mlp.fusion.kind = FusionKind::mlp;
  mlp.fusion.hidden = 4267;
  outer.fusion.residual = Residual::outer;
  EXPECT_EQ(key_of(3, plain, "from_scratch"), "3a");
  EXPECT_EQ(key_of(3, plain, "from_weights"), "3c");
  EXPECT_EQ(key_of(3, frozen, "from_scratch"), "3b");
  EXPECT_EQ(key_of(3, frozen, "from_weights"), "3e");
  EXPECT_EQ(key_of(3, mlp, "from_weights"), "3f");
  mlp.fusion.hidden = 4096;
  EXPECT_EQ(key_of(3, mlp, "from_weights"), "3d");
  EXPECT_EQ(key_of(3, luvit_b(), "from_weights"), "3h");
  EXPECT_EQ(key_of(4, random, "from_weights"), "4");
  EXPECT_EQ(key_of(6, frozen, "from_scratch"), "6a");
  EXPECT_EQ(key_of(6, luvit_b(), "from_scratch"), "6b");
  ModelOptions unit = luvit_b();  // as configs/finetune/lm1_vit_b_lora.yaml has it
  unit.fusion.final_norm = FinalNorm::unit;
  EXPECT_EQ(key_of(6, unit, "from_scratch"), "6b");
  EXPECT_EQ(key_of(6, unit, "from_weights"), "");
  EXPECT_EQ(key_of(3, random, "from_weights"), "");  // Table 4's model
  EXPECT_EQ(key_of(3, outer, "from_weights"), "");
  EXPECT_EQ(key_of(3, plain, ""), "");
}

TEST_F(TableTest, ProbesAndStudentsAreNoRows) {
  ModelOptions plain;
  plain.fusion.kind = FusionKind::none;
  for (const auto& [key, value] : {std::pair("task", "linear_probe"), {"distilled", "feature"}}) {
    auto made = run(key);
    Json of = provenance(plain, "from_weights", "x");
    of[key] = value;
    made.suite("val", top1("imagenet", 0.5, 0.4, 0.6)).provenance(of);
    const FilledTable table = fill_table(3, {{"", made.read()}});
    EXPECT_TRUE(row(table, "3c").runs.empty()) << key;
    EXPECT_NE(table.notes.back().find(std::string(key) + " is no row of the paper's"), std::string::npos);
  }
}

TEST_F(TableTest, SeedsOfAnotherTrainingAreSaid) {
  ModelOptions permuted = luvit_b();
  permuted.fusion.weights = "elsewhere/permuted.safetensors";
  std::vector<TableRun> runs;
  for (const ModelOptions& model : {luvit_b(), permuted}) {
    auto made = run("s" + std::to_string(runs.size()));
    made.suite("val", top1("imagenet", 0.5, 0.4, 0.6))
        .provenance(provenance(model, "from_weights", std::to_string(runs.size())));
    runs.push_back({"", made.read()});
  }
  const FilledTable table = fill_table(3, runs);
  EXPECT_EQ(row(table, "3h").seeds, 2u);
  ASSERT_EQ(table.warnings.size(), 1u);
  EXPECT_NE(table.warnings[0].find("s1 was not trained as s0"), std::string::npos);
}

TEST_F(TableTest, PartsOfADataSetAreNoted) {
  auto made = run("part");
  Json of = provenance(luvit_b(), "from_weights", "x");
  of["config"]["suites"]["val"] = {{"every", 4}, {"warnings", {"val: 20 of 1000 class folders are there"}}};
  made.suite("val", top1("imagenet", 0.5, 0.4, 0.6)).provenance(of);
  const FilledTable table = fill_table(1, {{"", made.read()}});
  const std::vector<std::string> last(table.notes.end() - 2, table.notes.end());
  EXPECT_EQ(last, (std::vector<std::string>{"part, val: one image in 4.",
                                            "part, val: val: 20 of 1000 class folders are there."}));
  made.suite("~/odd", top1("folder", 0.5, 0.4, 0.6));  // in a file that another program wrote
  const FilledTable mistyped = fill_table(1, {{"3z", made.read()}});
  EXPECT_NE(mistyped.notes[mistyped.notes.size() - 3].find("3z is no row of this table"), std::string::npos);
}

TEST_F(TableTest, ARowOfItsOwn) {
  auto made = run("curious");
  made.suite("val", top1("imagenet", 0.5, 0.4, 0.6));
  const FilledTable table = fill_table(4, {{"", made.read()}});
  EXPECT_EQ(table.rows.back().name, "curious");
  EXPECT_EQ(table.rows.back().key, "");
  EXPECT_FALSE(table.rows.back().paper[0]);
  EXPECT_EQ(table.rows.back().ours[0]->mean, 0.5);

  const FilledTable told =
      fill_table(4, {read_table_run("3h=" + made.write()), read_table_run("mine=" + made.write())});
  EXPECT_EQ(row(told, "3h").ours[0]->mean, 0.5);
  EXPECT_EQ(told.rows.back().name, "mine");
}

TEST_F(TableTest, GeneratedCorruptionsAreNotImageNetC) {
  const Json figures = {{"kind", "imagenet_c"}, {"acc19", 0.4}, {"acc15", 0.41}, {"mce", 0.7}};
  Json generated = figures;
  generated["generated"] = true;
  auto made = run("g"), official = run("o");
  made.suite("c", generated);
  official.suite("c", figures);
  const FilledTable table = fill_table(3, {{"3h", made.read()}, {"3c", official.read()}});
  EXPECT_EQ(table.columns,
            (std::vector<std::string>{"IN-1K", "IN-C", "IN-C (15)", "mCE", "generated", "generated (15)"}));
  EXPECT_FALSE(row(table, "3h").ours[1] || row(table, "3h").ours[2] || row(table, "3h").ours[3]);
  EXPECT_EQ(row(table, "3h").ours[4]->mean, 0.4);
  EXPECT_FALSE(row(table, "3h").paper[4]);
  EXPECT_EQ(row(table, "3c").ours[1]->mean, 0.4);
  EXPECT_FALSE(row(table, "3c").ours[4]);
}

// Four source images, two of them right in all forms: resampled as images.
TEST_F(TableTest, ImageNetCHasItsSourcesInterval) {
  auto made = run("c");
  std::vector<MadeUpRun::Line> lines;
  for (const char* corruption : {"fog", "spatter"})
    for (int severity = 1; severity <= 5; ++severity)
      for (int image = 0; image < 4; ++image)
        lines.push_back(
            {std::string(corruption) + "/" + std::to_string(severity) + "/n0/" + std::to_string(image) + ".JPEG", 1,
             corruption[0] == 'f' ? image < 2 : image < 3});
  made.suite("c", {{"kind", "imagenet_c"}, {"acc19", 0.625}, {"acc15", 0.5}}).predictions("c", lines);
  const FilledTable table = fill_table(3, {{"3h", made.read()}});
  const TableRow& luvit = row(table, "3h");
  EXPECT_EQ(luvit.ours[2]->interval->low, 0);  // 2 of 4: none of four draws is right with 1/16
  EXPECT_EQ(luvit.ours[2]->interval->high, 1);
  EXPECT_GT(luvit.ours[1]->interval->high, 0.9);
  EXPECT_LT(luvit.ours[1]->interval->low, 0.3);
}

TEST_F(TableTest, ImageNet9GapsFromPredictions) {
  auto made = run("9");
  std::vector<MadeUpRun::Line> lines;
  for (const char* variation : {"mixed_rand", "mixed_same", "original"})
    for (int image = 0; image < 10; ++image)
      lines.push_back({std::string(variation) + "/val/00_dog/" + std::to_string(image) + ".JPEG", 0,
                       image < (variation[0] == 'o'   ? 8
                                : variation[6] == 's' ? 6
                                                      : 5)
                           ? 151
                           : 171});
  made.suite("9", {{"kind", "imagenet9"},
                   {"original", 0.8},
                   {"mixed_same", 0.6},
                   {"mixed_rand", 0.5},
                   {"gap_os", 0.2},
                   {"gap_or", 0.3},
                   {"gap_sr", 0.1}})
      .predictions("9", lines);
  const FilledTable table = fill_table(5, {{"3h", made.read()}});
  const TableRow& luvit = row(table, "3h");
  EXPECT_NEAR(luvit.ours[0]->interval->low, 0.4901624715366418, 1e-12);  // scipy's Wilson, 8 of 10
  EXPECT_NEAR(luvit.ours[0]->interval->high, 0.9433178485456248, 1e-12);
  EXPECT_LT(luvit.ours[3]->interval->low, 0);
  EXPECT_GT(luvit.ours[3]->interval->high, 0.2);
}

TEST_F(TableTest, SplitsOfImageNetS) {
  auto made = run("s");
  for (const char* split : {"50", "300", "919"})
    made.suite(std::string("ins") + split,
               {{"kind", "imagenet_s"},
                {"iou", {{"frequency", {{"fixed", std::stod(split) / 1000}, {"fixed_interval95", {0.01, 0.99}}}}}}});
  const FilledTable table = fill_table(7, {{"3h", made.read()}});
  EXPECT_EQ(row(table, "3h").ours[0]->mean, 0.05);
  EXPECT_EQ(row(table, "3h").ours[2]->mean, 0.3);
  EXPECT_EQ(row(table, "3h").ours[4]->mean, 0.919);
  EXPECT_EQ(row(table, "3h").ours[4]->interval->low, 0.01);  // over the images, as results.json has it
}

TEST_F(TableTest, SuitesLeftOutAreNamed) {
  auto made = run("twice"), none = run("none");
  made.suite("one", top1("imagenet", 0.5, 0.4, 0.6)).suite("two", top1("imagenet", 0.6, 0.5, 0.7));
  none.suite("knn", top1("knn", 0.5, 0.4, 0.6));
  const FilledTable table = fill_table(1, {{"3h", made.read()}, {"3c", none.read()}});
  EXPECT_EQ(row(table, "3h").ours[0]->mean, 0.5);
  ASSERT_EQ(table.warnings.size(), 2u);
  EXPECT_NE(table.warnings[0].find("suite two is left out; one of twice stands for it already"), std::string::npos);
  EXPECT_NE(table.warnings[1].find("has no suite that this table shows"), std::string::npos);
}

TEST_F(TableTest, Text) {
  auto made = run("a");
  made.suite("val", top1("imagenet", 0.8301, 0.82, 0.84));
  FilledTable table = fill_table(4, {{"3h", made.read()}});
  const std::string text = table_as_text(table),
                    expected = R"(The paper's Table 4 and ours: the block's weights; top-1 accuracy, %

row  model                                    IN-1K  IN-C  IN-C (15)  mCE
4    random LLaMA + LoRA  paper                83.2  63.1          –    –
3h   LUViT/B              paper                83.6  63.4          –    –
                          ours, 1 run         83.01     –          –    –
                            interval    82.00…84.00     –          –    –
                          ours − paper        −0.59     –          –    –
                            interval    −1.60…+0.40     –          –    –

- )";
  EXPECT_EQ(text.substr(0, expected.size()), expected);
  EXPECT_NE(text.find("- 3h: " + (folder_ / "a").string() + "\n"), std::string::npos);

  const std::string markdown = table_as_markdown(table);
  EXPECT_NE(markdown.find("| row | model |  | IN-1K |"), std::string::npos);
  EXPECT_NE(markdown.find("| --- | --- | --- | ---: |"), std::string::npos);
  EXPECT_NE(markdown.find("|  |  | ours, 1 run | 83.01 | – |"), std::string::npos);
  const std::string csv = table_as_csv(table);
  EXPECT_NE(csv.find("4,4,random LLaMA + LoRA,IN-1K,0.832,,,,,,,,\r\n"), std::string::npos);
  EXPECT_NE(csv.find("4,3h,LUViT/B,IN-1K,0.836,0.8301,0.82,0.84,0.95,1,"), std::string::npos);
}

}  // namespace
}  // namespace luvit
