// Made-up data sets in the layouts they are distributed in, and a model that is told what to answer.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "class_tables.h"
#include "corruption_cells.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "made_up_trees.h"
#include "partial_results.h"
#include "prediction_lines.h"

namespace luvit::test {
namespace {

using Json = nlohmann::ordered_json;

Json results_of(const SuitePlan& plan, const LogitsFunction& logits) {
  return suite_results(plan, predictions_of_plan(plan, logits));
}

std::int64_t itself(std::int64_t number) {
  return number;
}
std::vector<std::int64_t> right(std::int64_t number) {
  return {itself(number)};
}

template <typename Body>
std::string complaint(Body body) {
  try {
    body();
  } catch (const DataError& error) {
    EXPECT_EQ(error.lines().size(), 1u);
    return error.what();
  }
  return "";
}

class Suites : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  // One picture for each class, of that class's number.
  void write_classes(const std::string& name, const std::vector<std::int64_t>& classes) const {
    for (const std::int64_t c : classes)
      write_number(folder_ / name / imagenet_wnids()[static_cast<std::size_t>(c)] / "a.png", c);
  }
  TemporaryFolder folder_;
};

TEST(ClassTables, AreTheDataSetsOwn) {
  const auto& wnids = imagenet_wnids();
  ASSERT_EQ(wnids.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(wnids.begin(), wnids.end()));
  EXPECT_EQ(wnids[0], "n01440764");
  EXPECT_EQ(wnids[999], "n15075141");
  const auto a = imagenet_a_classes(), r = imagenet_r_classes();
  EXPECT_EQ(a.size(), 200u);
  EXPECT_EQ(r.size(), 200u);
  std::vector<std::int64_t> both;
  std::set_intersection(a.begin(), a.end(), r.begin(), r.end(), std::back_inserter(both));
  EXPECT_EQ(both.size(), 86u);
  const auto in9 = imagenet9_label_of();
  std::vector<std::int64_t> counts(9);
  for (const std::int64_t label : in9)
    if (label >= 0) ++counts[static_cast<std::size_t>(label)];
  EXPECT_EQ(counts, (std::vector<std::int64_t>{116, 52, 42, 36, 35, 27, 26, 20, 16}));
  EXPECT_EQ(in9[171], -1);
  EXPECT_EQ(in9[172], -1);
  EXPECT_EQ(in9[151], 0);
  const std::array<double, 15> means = {.886428, .894468, .922640, .819880, .826268, .785948, .798360, .866816,
                                        .826572, .819324, .564592, .853204, .646056, .717840, .606500};
  for (std::size_t i = 0; i < means.size(); ++i) {
    const auto& [corruption, error] = alexnet_errors()[i];
    EXPECT_EQ(corruption, corruption_order()[i]);
    EXPECT_NEAR((error[0] + error[1] + error[2] + error[3] + error[4]) / 5, means[i], 1e-9) << corruption;
  }
}

TEST_F(Suites, OfASubsetAreScoredAmongItsClasses) {
  for (const auto& [kind, classes] : {std::pair{SuiteKind::imagenet_a, imagenet_a_classes()},
                                      std::pair{SuiteKind::imagenet_r, imagenet_r_classes()}}) {
    const std::string name = kind_name(kind);
    write_classes(name, classes);
    std::ofstream(folder_ / name / "README.txt") << "no image";
    fs::create_directories(folder_ / name / ".hidden");
    const SuitePlan plan = plan_of({.name = name, .data = at(name), .kind = kind});
    EXPECT_EQ(plan.skipped, 2);
    // The best answer is never one of the 200: 0 and 2 are in neither list. The best of them is right.
    const std::int64_t outside = kind == SuiteKind::imagenet_a ? 0 : 3;
    const Json found = results_of(plan, answering([&](std::int64_t c) { return std::vector{outside, c}; }));
    EXPECT_EQ(found["top1"], 1.0);
    EXPECT_EQ(found["top1_all"], 0.0);
    EXPECT_EQ(found["n"], 200);
    EXPECT_EQ(found["per_class"]["label"].size(), 200u);
    // And the other way round: right among all, wrong among the 200 is not possible; wrong is wrong.
    const Json wrong = results_of(
        plan, answering([&](std::int64_t c) { return std::vector{c == classes[0] ? classes[1] : classes[0]}; }));
    EXPECT_EQ(wrong["top1"], 0.0);
  }
}

TEST_F(Suites, OfTheCleanSetAnswerForTheSubsetsToo) {
  std::vector<std::int64_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  write_classes("val", all);
  const SuitePlan plan = plan_of({.name = "in1k", .data = at("val"), .kind = SuiteKind::imagenet});
  ASSERT_EQ(plan.warnings.size(), 1u);  // 1000 images, not 50,000
  EXPECT_NE(plan.warnings[0].find("1000 images; the data set has 50000"), std::string::npos);
  // Class 0 before the right one: wrong over all, right among the 200 of ImageNet-A, which 0 is not one of.
  const Json found = results_of(plan, answering([](std::int64_t c) { return std::vector<std::int64_t>{0, c}; }));
  EXPECT_EQ(found["top1"], 0.001);
  EXPECT_EQ(found["top5"], 1.0);
  EXPECT_EQ(found["classes_a"]["top1"], 1.0);
  EXPECT_EQ(found["classes_a"]["n"], 200);
  EXPECT_EQ(found["classes_r"]["top1"], 1.0);
}

TEST_F(Suites, TakeIntegerFoldersForClassNumbers) {
  for (std::int64_t c = 0; c < 1000; ++c) write_number(folder_ / "v2" / std::to_string(c) / "a.png", c);
  const SuitePlan plan = plan_of({.name = "v2", .data = at("v2"), .kind = SuiteKind::imagenet_v2});
  EXPECT_EQ(results_of(plan, answering(right))["top1"], 1.0);
  // By position among the sorted names, as text, next to nothing would be right.
  std::vector<std::string> names;
  for (std::int64_t c = 0; c < 1000; ++c) names.push_back(std::to_string(c));
  std::sort(names.begin(), names.end());
  std::int64_t by_chance = 0;
  for (std::size_t i = 0; i < names.size(); ++i) by_chance += names[i] == std::to_string(i);
  EXPECT_LT(by_chance, 20);
  write_number(folder_ / "v2" / "1000" / "a.png", 1);
  EXPECT_NE(complaint([&] { plan_of(plan.options); }).find("1 of 1001 class folders are unknown (1000)"),
            std::string::npos);
}

TEST_F(Suites, FindClassesByNameWhereSomeAreMissing) {
  write_classes("sketch", {3, 500, 999});
  const SuitePlan plan = plan_of({.name = "sketch", .data = at("sketch"), .kind = SuiteKind::imagenet_sketch});
  EXPECT_EQ(results_of(plan, answering(right))["top1"], 1.0);
  ASSERT_EQ(plan.warnings.size(), 2u);
  EXPECT_NE(plan.warnings[0].find("3 of 1000 class folders are there; missing: n01440764, …"), std::string::npos);
  EXPECT_NE(plan.warnings[1].find("3 images; the data set has 50889"), std::string::npos);
  write_number(folder_ / "sketch" / "cat" / "a.png", 1);
  EXPECT_NE(complaint([&] { plan_of(plan.options); }).find("1 of 4 class folders are unknown (cat)"),
            std::string::npos);
  fs::remove_all(folder_ / "sketch" / "cat");
  write_number(folder_ / "sketch" / "loose.png", 1);
  EXPECT_NE(complaint([&] { plan_of(plan.options); }).find("loose.png: an image outside"), std::string::npos);
}

TEST_F(Suites, OfImageNetsClassesWantAModelThatHasThem) {
  write_classes("val", {3, 500});
  const SuiteOptions options{.name = "x", .data = at("val"), .kind = SuiteKind::imagenet};
  EXPECT_NE(complaint([&] { plan_of(options, model_of_classes(10)); }).find("the model has 10 classes"),
            std::string::npos);
  // Names win: a thousand that are not all WordNet ids are in no order that we know.
  std::vector<std::string> names = imagenet_wnids();
  names[999] = "abacus";
  std::sort(names.begin(), names.end());
  EXPECT_NE(complaint([&] { plan_of(options, model_of_classes(1000, names)); }).find("WordNet ids (abacus)"),
            std::string::npos);
  std::vector<std::string> numbers;  // of a model trained on shards
  for (int i = 0; i < 1000; ++i) numbers.push_back(std::to_string(i));
  EXPECT_EQ(plan_of(options, model_of_classes(1000, numbers)).parts[0].images->label(1), 500);
  // A model of some of them knows which.
  const OpenedModel few = model_of_classes(2, {imagenet_wnids()[500], imagenet_wnids()[3]});
  const SuitePlan plan = plan_of(options, few);
  const auto answer = [](std::int64_t c) { return std::vector<std::int64_t>{c == 3 ? 1 : 0}; };
  EXPECT_EQ(results_of(plan, answering(answer, 2))["top1"], 1.0);
  EXPECT_NE(complaint([&] {
              plan_of({.name = "x", .data = at("val"), .kind = SuiteKind::imagenet_a}, few);
            }).find("needs all of ImageNet's 1000"),
            std::string::npos);
}

TEST_F(Suites, OfAnyFolderHaveTheModelsNamesOrAMapOfTheirOwn) {
  write_number(folder_ / "any" / "cat" / "a.png", 2);
  write_number(folder_ / "any" / "dog, or wolf" / "b.png", 0);
  SuiteOptions options{.name = "any", .data = at("any"), .kind = SuiteKind::folder};
  EXPECT_NE(complaint([&] { plan_of(options, model_of_classes(3)); }).find("do not name their 3 classes"),
            std::string::npos);
  const SuitePlan named = plan_of(options, model_of_classes(3, {"dog, or wolf", "bird", "cat"}));
  EXPECT_EQ(results_of(named, answering(right, 3))["top1"], 1.0);
  EXPECT_NE(complaint([&] {
              plan_of(options, model_of_classes(2, {"bird", "cat"}));
            }).find("(dog, or wolf)"),
            std::string::npos);
  std::ofstream(folder_ / "map.csv") << "folder,index\r\n\"dog, or wolf\",0\r\ncat,2\r\n";
  options.class_map = at("map.csv");
  EXPECT_EQ(results_of(plan_of(options, model_of_classes(3)), answering(right, 3))["top1"], 1.0);
  EXPECT_NE(complaint([&] { plan_of(options, model_of_classes(2)); }).find("line 3: index 2, the model has 2"),
            std::string::npos);
}

TEST_F(Suites, OfNeighboursAreFoldersOrShardsOnBothSides) {
  write_number(folder_ / "any/cat/a.png", 2);
  write_number(folder_ / "any/dog/b.png", 0);
  SuiteOptions options{.name = "knn", .data = at("any"), .kind = SuiteKind::knn};
  options.train = at("any");
  options.k = 3;
  const SuitePlan plan = plan_of(options);
  ASSERT_EQ(plan.warnings.size(), 2u);
  EXPECT_NE(plan.warnings[0].find("its own nearest neighbour"), std::string::npos);
  EXPECT_NE(plan.warnings[1].find("only 2 images vote"), std::string::npos);
  options.train = at("train-0.tar");
  std::ofstream(options.train) << "shard";
  EXPECT_NE(complaint([&] { plan_of(options); }).find("is a folder, suites.knn.train is not"), std::string::npos);
}

TEST_F(Suites, OfBackgroundsCountAClassOfNoLabelAsWrong) {
  const std::vector<std::string> names = {"00_dog",       "01_bird",   "02_wheeled vehicle",    "03_reptile",
                                          "04_carnivore", "05_insect", "06_musical instrument", "07_primate",
                                          "08_fish"};
  const std::vector<std::int64_t> one_of = {151, 7, 407, 33, 269, 300, 401, 365, 0};
  for (const char* variation : {"original", "mixed_same", "mixed_rand"})
    for (std::size_t i = 0; i < names.size(); ++i)
      for (int k = 0; k < 2; ++k)
        write_number(folder_ / "in9" / variation / "val" / names[i] / luvit::str(variation, k, ".png"),
                     static_cast<std::int64_t>(i) + (variation[0] == 'o'   ? 0
                                                     : variation[6] == 's' ? 100
                                                                           : 200));
  const SuitePlan plan = plan_of({.name = "in9", .data = at("in9"), .kind = SuiteKind::imagenet9});
  ASSERT_EQ(plan.warnings.size(), 3u);
  EXPECT_NE(plan.warnings[1].find("mixed_same: 18 images; the data set has 4050"), std::string::npos);
  // Original: all right. Same: dogs are taken for a greyhound, 171, which is none of the nine. Random: all are fish.
  const Json found = results_of(plan, answering([&](std::int64_t number) {
                                  const std::int64_t label = number % 100;
                                  const std::int64_t own = one_of[static_cast<std::size_t>(label)];
                                  if (number >= 200) return std::vector<std::int64_t>{397};
                                  return std::vector<std::int64_t>{number == 100 ? 171 : own, own};
                                }));
  EXPECT_EQ(found["original"], 1.0);
  EXPECT_EQ(found["mixed_same"], 16 / 18.0);
  EXPECT_EQ(found["mixed_rand"], 2 / 18.0);
  EXPECT_DOUBLE_EQ(found["gap_os"], 1 - 16 / 18.0);
  EXPECT_DOUBLE_EQ(found["gap_or"], 1 - 2 / 18.0);
  EXPECT_DOUBLE_EQ(found["gap_sr"], 16 / 18.0 - 2 / 18.0);
  EXPECT_EQ(found["n"], 54);
  EXPECT_EQ(found["per_class"]["label"], (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  fs::rename(folder_ / "in9" / "mixed_rand" / "val" / "08_fish", folder_ / "in9" / "mixed_rand" / "val" / "08_fishes");
  EXPECT_NE(complaint([&] { plan_of(plan.options); }).find("(08_fishes)"), std::string::npos);
  fs::remove_all(folder_ / "in9" / "mixed_rand");
  EXPECT_NE(complaint([&] { plan_of(plan.options); }).find("mixed_rand/val: no such folder"), std::string::npos);
}

TEST_F(Suites, OfCorruptionsTakeBothLayoutsAndSubsets) {
  for (int severity = 1; severity <= 5; ++severity) {
    for (const char* place : {"fog", "blur/zoom_blur"})
      for (const std::int64_t c : {1, 2, 3, 4})
        write_number(
            folder_ / "c" / place / std::to_string(severity) / imagenet_wnids()[static_cast<std::size_t>(c)] / "a.png",
            c + 100 * severity);
  }
  fs::create_directories(folder_ / "c" / "notes");
  SuiteOptions options{.name = "c", .data = at("c"), .kind = SuiteKind::imagenet_c};
  const SuitePlan plan = plan_of(options);
  EXPECT_EQ(plan.view.resize, 0);
  ASSERT_EQ(plan.parts.size(), 10u);
  EXPECT_EQ(plan.parts[0].name, "zoom_blur/1");
  EXPECT_EQ(plan.parts[0].images->path(0), "blur/zoom_blur/1/n01443537/a.png");
  EXPECT_EQ(plan.parts[9].images->path(3), "fog/5/n01494475/a.png");
  // The more severe, the fewer are right: class 1 always, class 4 only at severity 1.
  const auto answer = [](std::int64_t number) {
    const std::int64_t c = number % 100, severity = number / 100;
    return std::vector<std::int64_t>{c + severity <= 5 ? c : 0};
  };
  const Json found = results_of(plan, answering(answer));
  EXPECT_EQ(found["cells"]["fog"], (std::vector<double>{1, 0.75, 0.5, 0.25, 0}));
  EXPECT_EQ(found["cells"].size(), 2u);
  EXPECT_EQ(found["top1"], 0.5);
  EXPECT_FALSE(found.contains("acc19") || found.contains("acc15") || found.contains("mce"));
  EXPECT_EQ(found["generated"], false);

  options.severities = {"2", "4"};
  options.corruptions = {"fog"};
  options.every = 3;
  const SuitePlan some = plan_of(options);
  ASSERT_EQ(some.parts.size(), 2u);
  EXPECT_EQ(some.images(), 4);
  EXPECT_EQ(results_of(some, answering(answer))["cells"]["fog"].dump(), "[null,0.5,null,0.5,null]");
  options.corruptions = {"fog", "snow"};
  EXPECT_NE(complaint([&] { plan_of(options); }).find("2 of 4 cells are not there: snow/2, snow/4"), std::string::npos);
  write_number(folder_ / "c" / "weather" / "fog" / "1" / imagenet_wnids()[0] / "a.png", 1);
  EXPECT_NE(complaint([&] { plan_of(options); }).find("fog stands there twice"), std::string::npos);
  EXPECT_NE(complaint([&] {
              plan_of({.name = "c", .data = at("c/notes"), .kind = SuiteKind::imagenet_c});
            }).find("no corruption is there"),
            std::string::npos);
}

TEST_F(Suites, OfCorruptionsMadeOnTheWayAreAFunctionOfPathAndSeed) {
  for (const std::int64_t c : {1, 2})
    write_number(folder_ / "val" / imagenet_wnids()[static_cast<std::size_t>(c)] / "a.png", c, 300);
  SuiteOptions options{.name = "c", .data = at("val"), .kind = SuiteKind::imagenet_c};
  options.generate = true;
  options.corruptions = {"gaussian_noise", "contrast"};
  const SuitePlan plan = plan_of(options);
  ASSERT_EQ(plan.parts.size(), 10u);
  EXPECT_EQ(plan.parts[0].name, "contrast/1");
  EXPECT_EQ(plan.parts[7].images->path(1), "gaussian_noise/3/n01484850/a.png");
  std::vector<std::uint8_t> buffer;
  const Image once = plan.parts[7].images->image(1, buffer), again = plan_of(options).parts[7].images->image(1, buffer);
  EXPECT_EQ(once.width, 224);
  EXPECT_EQ(once.pixels, again.pixels);
  options.seed = 1;
  EXPECT_NE(plan_of(options).parts[7].images->image(1, buffer).pixels, once.pixels);
  const auto any = answering([](std::int64_t) { return std::vector<std::int64_t>{0}; });  // noise hides the numbers
  EXPECT_EQ(results_of(plan, any)["generated"], true);
}

CellAccuracy alexnet_cells() {
  CellAccuracy cells;
  for (const auto& [corruption, error] : alexnet_errors())
    for (std::size_t s = 0; s < error.size(); ++s) cells[corruption][s] = 1 - error[s];
  return cells;
}

TEST(CorruptionError, OfAlexNetItselfIsOne) {
  CellAccuracy cells = alexnet_cells();
  EXPECT_EQ(mean_corruption_error(cells), 1.0);
  EXPECT_EQ(relative_corruption_error(cells, alexnet_clean_error), 1.0);
  for (auto& accuracy : cells["fog"]) accuracy = *accuracy / 2;  // another model: no longer
  const double fog = 0.819324;                                   // AlexNet's mean error there
  EXPECT_NEAR(*mean_corruption_error(cells), (14 + (fog + (1 - fog) / 2) / fog) / 15, 1e-9);
  cells["fog"][2].reset();
  EXPECT_FALSE(mean_corruption_error(cells));
}

TEST(MeanAccuracy, IsOverFifteenAndOverNineteen) {
  CellAccuracy cells;
  for (std::size_t c = 0; c < corruption_order().size(); ++c)
    for (std::size_t s = 0; s < 5; ++s) cells[corruption_order()[c]][s] = c < benchmark_size ? 0.5 : 0.9;
  EXPECT_DOUBLE_EQ(*mean_accuracy(cells, 15), 0.5);
  EXPECT_DOUBLE_EQ(*mean_accuracy(cells, 19), (15 * 0.5 + 4 * 0.9) / 19);
  cells["spatter"][4].reset();
  EXPECT_TRUE(mean_accuracy(cells, 15));
  EXPECT_FALSE(mean_accuracy(cells, 19));
}

TEST_F(Suites, KeepWhatIsDoneUnderAllThatItHangsOn) {
  write_classes("val", {1, 2, 700});
  const SuiteOptions options{.name = "in1k", .data = at("val"), .kind = SuiteKind::imagenet};
  const SuitePlan plan = plan_of(options);
  const auto done = predictions_of_plan(plan, answering(right)).front();
  const PartialResults results(folder_ / "partial", "weights, float32");
  EXPECT_FALSE(results.read(plan, plan.parts[0]));
  results.write(plan, plan.parts[0], done);
  const auto read = results.read(plan, plan.parts[0]);
  ASSERT_TRUE(read);
  EXPECT_EQ(suite_results(plan, {*read}).dump(), suite_results(plan, {done}).dump());
  EXPECT_FALSE(PartialResults(folder_ / "partial", "other weights, float32").read(plan, plan.parts[0]));
  SuitePlan resized = plan;
  resized.view.resize = 9;
  EXPECT_FALSE(results.read(resized, plan.parts[0]));
  write_classes("val", {3});
  const SuitePlan grown = plan_of(options);
  EXPECT_FALSE(results.read(grown, grown.parts[0]));
  fs::resize_file(folder_ / "partial" / "in1k" / "all.safetensors", 300);
  EXPECT_FALSE(results.read(plan, plan.parts[0]));
}

TEST_F(Suites, WriteTheirPredictionsLineByLine) {
  for (const char* name : {"a, b", "c"}) write_number(folder_ / "any" / name / "x.png", name[0] == 'a' ? 0 : 1);
  const SuitePlan plan =
      plan_of({.name = "any", .data = at("any"), .kind = SuiteKind::folder}, model_of_classes(2, {"a, b", "c"}));
  const auto logits = [](const at::Tensor& images) {
    return answering([](std::int64_t) { return std::vector<std::int64_t>{1}; }, 2)(images) / 20;
  };
  write_predictions(folder_ / "lines.csv", plan, predictions_of_plan(plan, logits));
  EXPECT_EQ(read_file(folder_ / "lines.csv"),
            "path,label,pred1,pred2,pred3,pred4,pred5,confidence\r\n"
            "\"a, b/x.png\",0,1,0,-1,-1,-1,0.7310586\r\n"
            "c/x.png,1,1,0,-1,-1,-1,0.7310586\r\n");
}

TEST_F(Suites, CountWhatTheyLoseAgainstTheCleanSet) {
  Json suites;
  suites["in1k"] = {{"kind", "imagenet"}, {"top1", 1 - alexnet_clean_error}, {"classes_a", {{"top1", 0.75}}}};
  suites["a"] = {{"kind", "imagenet_a"}, {"top1", 0.25}};
  suites["c"] = {{"kind", "imagenet_c"}, {"cells", Json::object()}};
  for (const auto& [corruption, error] : alexnet_errors())
    for (const double e : error) suites["c"]["cells"][corruption].push_back(1 - e);
  add_comparisons(suites);
  EXPECT_EQ(suites["a"]["clean_drop"], 0.5);
  EXPECT_NEAR(suites["c"]["relative_mce"].get<double>(), 1.0, 1e-12);
}

}  // namespace
}  // namespace luvit::test
