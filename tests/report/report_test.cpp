// The report of made-up evaluations.
#include "luvit/report/report.h"

#include "files_for_test.h"
#include "luvit/core/text.h"
#include "luvit/data/image.h"

namespace luvit {
namespace {

const std::string provenance =
    R"("provenance":{"weights_sha256":"0123456789abcdef0123","precision":"float32","version":"0.1.0","preprocess":{"resize":256}})";

std::string results(const std::string& suites) {
  return "{\"suites\":{" + suites + "}," + provenance + "}";
}

std::string report_of(const TemporaryFolder& run, const std::string& json) {
  write_text(run / "results.json", json);
  write_report(run.path());
  const std::string html = read_file(run / "report.html");
  EXPECT_EQ(ill_formed(html), "");
  EXPECT_FALSE(contains(html, ">nan") || contains(html, "http:") || contains(html, "https:"));
  return html;
}

std::string report_of(const std::string& json) {
  TemporaryFolder run;
  return report_of(run, json);
}

std::string error_of(const std::string& json) {
  TemporaryFolder run;
  write_text(run / "results.json", json);
  try {
    write_report(run.path());
  } catch (const DataError& error) {
    EXPECT_FALSE(path_exists(run / "report.html"));
    return error.what();
  }
  return "";
}

const std::string small_suite =
    R"("in1k":{"kind":"imagenet","data":"nowhere","generated":false,"top1":0.83664,"top5":0.9653,"nll":0.731,)"
    R"("ece":0.031,"n":50000,"interval95":[0.83337,0.83986],"brier":0.25,)"
    R"("reliability":{"n":[0,10,90],"accuracy":[0,0.4,0.9],"confidence":[0,0.5,0.95]},)"
    R"("per_class":{"label":[0,3],"n":[50,50],"correct":[50,10]}})";

TEST(Report, TellsTheFiguresOfASuite) {
  TemporaryFolder run;
  const std::string html = report_of(run, results(small_suite));
  for (const char* text : {"ImageNet-1K", ">50,000<", ">83.66<", "83.34–83.99", ">96.53<", ">0.731<", "ECE 3.10%",
                           "1 suite · 50,000 predictions · weights 0123456789ab · float32 · luvit 0.1.0", "Brier score",
                           "resize 256", "class 3", "11.2–33.0"})
    EXPECT_TRUE(contains(html, text)) << text;
  EXPECT_TRUE(path_exists(run / "figures/in1k_reliability.svg"));
  EXPECT_TRUE(path_exists(run / "figures/in1k_reliability.csv"));
  EXPECT_FALSE(contains(html, "Worst mistakes"));  // no predictions
  EXPECT_FALSE(contains(html, "Corruptions"));
}

TEST(Report, EqualInputGivesEqualBytes) {
  EXPECT_EQ(report_of(results(small_suite)), report_of(results(small_suite)));
}

TEST(Report, WorksWithNothingYet) {
  EXPECT_TRUE(contains(report_of("{\"suites\":{}}"), "No suite has been evaluated yet."));
  EXPECT_TRUE(contains(report_of(results("\"x\":{}")), ">x<"));
}

TEST(Report, TellsWarningsAndASuitesProvenance) {
  const std::string html = report_of(
      R"({"suites":{"a":{"kind":"imagenet_a","n":10}},"provenance":{"model":{"dim":64,"fusion":{"kind":"none"}},)"
      R"("config":{"suites":{"a":{"kind":"imagenet_a","preprocess":{"resize":null,"crop":32},)"
      R"("warnings":["3 of 200 classes have images"]}},"predictions":true}}})");
  EXPECT_TRUE(contains(html, "<p class=\"warning\">a: 3 of 200 classes have images</p>"));
  EXPECT_TRUE(contains(html, "<dt>config.suites.a</dt>") && contains(html, "preprocess (resize none, crop 32)"));
  EXPECT_TRUE(contains(html, "dim 64, fusion (kind none)"));
}

TEST(Report, ShowsEveryFigureWhetherItKnowsItOrNot) {
  const std::string html = report_of(
      results(R"("x":{"kind":"new","n":20000,"a":{"b":0.07},"c":"text","classes_a":{"top1":0.9},"clean_drop":0.4731,)"
              R"("warnings":["one","two"],"lists":[1,2,3,4,5,6,7,8,9]})"));
  for (const char* text : {">new<", ">a: b<", ">0.07<", ">text<", ">ImageNet-A&#39;s classes: top-1<", ">90.00%<",
                           ">+47.31 points<", ">one; two<", ">9 values<"})
    EXPECT_TRUE(contains(html, text)) << text;
}

std::string cells(const char* name, const char* values) {
  return std::string("\"") + name + "\":" + values;
}

TEST(Report, GeneratedCorruptionsAreNeverCalledImageNetC) {
  const std::string cell = cells("fog", "[0.8,0.7,0.6,0.5,0.4]") + "," + cells("glass_blur", "[0.5,0.4,null,0.2,0.1]");
  const std::string suite =
      R"("c":{"kind":"imagenet_c","n":100,"top1":0.5,"acc19":0.5,"mce":0.6,"cells":{)" + cell + "}";
  const std::string published = report_of(results(suite + "}"));
  EXPECT_TRUE(contains(published, "ImageNet-C: top-1 (%)") &&
              contains(published, "accuracy over 19 corruptions: 50.0%"));
  EXPECT_TRUE(contains(published, ">glass blur<") && contains(published, ">60.0<"));

  const std::string generated = report_of(results(suite + ",\"generated\":true}"));
  EXPECT_TRUE(contains(generated, "Generated corruptions: top-1 (%)"));
  EXPECT_TRUE(contains(generated, "accuracy over 19 corruptions (generated): 50.0%") &&
              contains(generated, "mCE (generated)"));
  // Only to say that this is not what they are.
  EXPECT_EQ(times(generated, "ImageNet-C"), times(generated, "are not ImageNet-C&#39;s") +
                                                times(generated, "published ImageNet-C results") +
                                                times(generated, "not ImageNet-C:"));
}

TEST(Report, ImageNet9HasItsGaps) {
  const std::string html =
      report_of(results(R"("in9":{"kind":"imagenet9","n":4050,"original":0.966,"mixed_same":0.892,"mixed_rand":0.853,)"
                        R"("gap_os":0.074,"gap_or":0.113,"gap_sr":0.039})"));
  EXPECT_TRUE(contains(html, "original − mixed-same: +7.4 points"));
  EXPECT_TRUE(contains(html, "mixed-same − mixed-rand: +3.9 points"));
  EXPECT_TRUE(contains(html, "Accuracy when the background changes"));
}

// 30 classes of 10 images: class i has i % 11 right.
TEST(Report, ExtremesOfClassesWithTheirOrder) {
  std::string label, n, correct;
  for (int i = 0; i < 30; ++i) {
    const std::string comma = i ? "," : "";
    label += comma + std::to_string(i);
    n += comma + "10";
    correct += comma + std::to_string(i % 11);
  }
  TemporaryFolder run;
  const std::string html = report_of(run, results(R"("s":{"kind":"folder","n":300,"per_class":{"label":[)" + label +
                                                  "],\"n\":[" + n + "],\"correct\":[" + correct + "]}}"));
  const auto worst = html.find("The 10 worst"), best = html.find("The 10 best");
  ASSERT_TRUE(worst != std::string::npos && best != std::string::npos);
  EXPECT_LT(html.find(">class 0<", worst), html.find(">class 11<", worst));
  EXPECT_LT(html.find(">class 11<", worst), html.find(">class 22<", worst));
  EXPECT_LT(html.find(">class 10<", best), html.find(">class 21<", best));
  EXPECT_TRUE(contains(html, "Of 30 classes 2 are always named right and 3 never."));
  EXPECT_TRUE(contains(read_file(run / "figures/s_classes.csv"),
                       "label,class,n,correct,accuracy,low95,high95\r\n0,class 0,10,0,0,"));
}

void write_picture(const fs::path& path, std::int64_t side) {
  const Image image{side, side, std::vector<std::uint8_t>(static_cast<std::size_t>(side * side * 3), 200)};
  write_text(path, encode_png(image));
}

const std::string predictions_header = "path,label,pred1,pred2,pred3,pred4,pred5,confidence\n";

TEST(Report, ShowsTheMostConfidentMistakesOfEachPairOnce) {
  TemporaryFolder run;
  const fs::path data = run / "data";
  write_picture(data / "cat/small.png", 28);
  write_picture(data / "dog/large.png", 300);
  write_text(run / "predictions/pets.csv", predictions_header +
                                               "cat/right.png,0,0,1,2,3,4,0.99\n"
                                               "cat/small.png,0,1,0,2,3,4,0.9\n"
                                               "cat/twin.png,0,1,0,2,3,4,0.8\n"
                                               "dog/gone.png,1,7,0,2,3,4,0.95\n"
                                               "dog/large.png,1,0,7,2,3,4,0.7\n"
                                               "\"ü/<i>,x.png\",2,0,7,2,3,4,0.6\n");
  const std::string html =
      report_of(run, results("\"pets\":{\"kind\":\"folder\",\"n\":6,\"data\":\"" + data.string() + "\"}"));
  EXPECT_TRUE(contains(html, "5 of 6 images were named wrong."));
  const auto gone = html.find("dog → class\u00a07"), small = html.find("cat → dog"), large = html.find("dog → cat");
  EXPECT_LT(gone, small);
  EXPECT_LT(small, large);
  EXPECT_EQ(times(html, "cat → dog"), 1u);  // the twin is the same mistake
  EXPECT_TRUE(contains(html, "95.0% sure") && contains(html, "ü/&lt;i&gt;,x.png"));
  EXPECT_TRUE(contains(html, "class=\"small\" alt=\"\" width=\"28\" height=\"28\" src=\"data:image/png;base64,"));
  EXPECT_TRUE(contains(html, "width=\"224\" height=\"224\" src=\"data:image/jpeg;base64,"));
  EXPECT_EQ(times(html, "class=\"missing\""), 2u);
  EXPECT_TRUE(contains(html, "2 of the pictures could not be read below " + data.string()));
}

TEST(Report, GeneratedCorruptionsShowTheCleanSource) {
  TemporaryFolder run;
  write_picture(run / "data/cat/a.png", 20);
  write_text(run / "predictions/c.csv", predictions_header + "fog/3/cat/a.png,0,1,2,3,4,5,0.9\n");
  const std::string html =
      report_of(run, results("\"c\":{\"kind\":\"imagenet_c\",\"generated\":true,\"n\":1,\"data\":\"" +
                             (run / "data").string() + "\"}"));
  EXPECT_TRUE(contains(html, "cat → class\u00a01") && contains(html, "data:image/png"));
  EXPECT_TRUE(contains(html, "the pictures, where shown, are the clean sources"));
}

TEST(Report, NeighboursLabelsAreTheirOwnFolders) {
  TemporaryFolder run;
  write_text(run / "predictions/a.csv", predictions_header + "ant/x.png,0,1,2,3,4,5,0.9\nbee/x.png,1,1,2,3,4,5,0.9\n");
  write_text(run / "predictions/b.csv", predictions_header + "n1/x.png,0,1,2,3,4,5,0.8\nn2/x.png,1,1,2,3,4,5,0.9\n");
  const std::string html = report_of(run, results(R"("a":{"kind":"knn","n":2},"b":{"kind":"folder","n":2})"));
  EXPECT_TRUE(contains(html, "ant → bee") && contains(html, "n1 → n2")) << html;
}

TEST(Report, PicturesComeOutOfShardsToo) {
  TemporaryFolder run;
  write_picture(run / "made/b.png", 20);
  write_text(run / "made/b.cls", "0");
  ASSERT_EQ(std::system(str("tar -cf ", (run / "val-0.tar").string(), " -C ", (run / "made").string(), " .").c_str()),
            0);
  write_text(run / "predictions/s.csv", predictions_header +
                                            "val-0.tar:./b.png,0,1,2,3,4,5,0.9\n"
                                            "val-0.tar:./c.png,0,2,2,3,4,5,0.8\n");
  const std::string html =
      report_of(run, results("\"s\":{\"kind\":\"folder\",\"n\":2,\"data\":\"" + (run / "val-0.tar").string() + "\"}"));
  EXPECT_EQ(times(html, "data:image/png"), 1u);
  EXPECT_TRUE(contains(html, "1 of the pictures could not be read"));
}

TEST(Report, ImageNet9sMistakesCannotBeTold) {
  TemporaryFolder run;
  write_text(run / "predictions/in9.csv", predictions_header + "original/val/00_dog/a.png,0,151,2,3,4,5,0.9\n");
  const std::string html = report_of(
      run, results(R"("in9":{"kind":"imagenet9","n":1,"per_class":{"label":[0,1],"n":[9,9],"correct":[8,9]}})"));
  EXPECT_FALSE(contains(html, "Worst mistakes"));
  EXPECT_TRUE(contains(html, ">00_dog (0)<") && contains(html, ">group 1<"));
}

TEST(Report, NoPathLeadsOutOfTheData) {
  TemporaryFolder run;
  write_picture(run / "secret.png", 8);
  fs::create_directories(run / "data");
  write_text(run / "predictions/s.csv", predictions_header + "../secret.png,0,1,2,3,4,5,0.9\n");
  const std::string html =
      report_of(run, results("\"s\":{\"kind\":\"folder\",\"n\":1,\"data\":\"" + (run / "data").string() + "\"}"));
  EXPECT_FALSE(contains(html, "data:image"));
}

TEST(Report, EscapesNamesAndKeepsFiguresApart) {
  TemporaryFolder run;
  const std::string bins = R"("reliability":{"n":[5],"accuracy":[0.5],"confidence":[0.5]})";
  const std::string html =
      report_of(run, results("\"<b>/x\":{\"kind\":\"<k>\"," + bins + "},\"<b>:x\":{" + bins + ",\"note\":\"</td>\"}"));
  EXPECT_FALSE(contains(html, "<b>") || contains(html, "<k>"));
  EXPECT_TRUE(contains(html, "&lt;/td&gt;"));
  EXPECT_TRUE(path_exists(run / "figures/_b__x_reliability.svg"));
  EXPECT_TRUE(path_exists(run / "figures/_b__x_reliability-2.svg"));
}

TEST(Report, NamesWhatIsIllFormed) {
  EXPECT_TRUE(contains(error_of("{"), "not valid JSON"));
  EXPECT_TRUE(contains(error_of("[]"), "expected an object"));
  EXPECT_TRUE(contains(error_of("{}"), "has no suites"));
  EXPECT_TRUE(contains(error_of(results("\"a\":{\"kind\":3}")), "suites.a.kind is 3; expected a text"));
  EXPECT_TRUE(contains(error_of(results("\"a\":{\"top1\":83.6}")), "suites.a.top1 is 83.6; expected a share"));
  EXPECT_TRUE(
      contains(error_of(results("\"a\":{\"interval95\":[0]}")), "suites.a.interval95 is [0]; expected 2 numbers"));
  EXPECT_TRUE(contains(error_of(results("\"a\":{\"generated\":\"no\"}")), "expected true or false"));
  EXPECT_TRUE(
      contains(error_of(results("\"a\":{\"cells\":{\"fog\":[1]}}")), "suites.a.cells.fog is [1]; expected 5 numbers"));
  EXPECT_TRUE(
      contains(error_of(results("\"a\":{\"reliability\":{\"n\":[1]}}")), "suites.a.reliability has no accuracy"));
  const std::string counts = R"("per_class":{"label":[1],"n":[2],"correct":[3]})";
  EXPECT_TRUE(contains(error_of(results("\"a\":{" + counts + "}")), "3 of 2 correct for label 1"));
  TemporaryFolder empty;
  EXPECT_THROW(write_report(empty.path()), DataError);
}

TEST(Report, NamesTheLineOfIllFormedPredictions) {
  TemporaryFolder run;
  write_text(run / "results.json", results("\"s\":{\"kind\":\"folder\",\"n\":1}"));
  write_text(run / "predictions/s.csv", predictions_header + "a/b.png,x,1,2,3,4,5,0.9\n");
  try {
    write_report(run.path());
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_TRUE(contains(error.what(), "s.csv: line 2")) << error.what();
  }
}

}  // namespace
}  // namespace luvit
