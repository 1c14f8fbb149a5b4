// The report's part on imagenet_s suites, of one model and of several.
#include <ATen/ATen.h>

#include "files_for_test.h"
#include "luvit/core/text.h"
#include "luvit/io/safetensors.h"
#include "luvit/report/analysed_images.h"
#include "luvit/report/report.h"
#include "luvit/report/side_by_side.h"

namespace luvit {
namespace {

std::string suite_json(double share, bool filtering) {
  const std::string block =
      R"({"distance":0.5,"distance_interval95":[0.4,0.6],"cosine":0.9,"distance_even":0.7,"linear_r2":0.8,)"
      R"("amplification_entropy":-0.2,"amplification_log_fg_over_bg":0.1,)"
      R"("profile":{"mean":[1.2,1.1,1,1,1,1,1,1,0.9,0.8],"se":[0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,null]}})";
  return luvit::str(
      R"("ins":{"kind":"imagenet_s","data":"d","masks":"m","n":6,"n_used":5,"n_foreground":6,)",
      R"("entropy":{"share_bg_above_fg":)", share, R"(,"interval95":[0.3,0.9],"fg_mean":1.5,"bg_mean":1.75,)",
      R"("gap_mean":0.25,"gap_interval95":[0.1,0.4],"gap_median":0.2,)",
      R"("cls_key_excluded":{"share_bg_above_fg":0.4,"interval95":[0.1,0.8],"fg_mean":1.5,"bg_mean":1.6,"gap_mean":0.1},)",
      R"("area":{"spearman":0.3,"interval95":[-0.5,0.8],"fifths":[{"n":1}]},)",
      R"("blocks":{"0":{"share_bg_above_fg":0.2,"interval95":[0,0.5]},"llm":{"share_bg_above_fg":0.7,"interval95":[0.4,0.9]}}},)",
      R"("norm":{"fg_mean":3,"bg_mean":2,"share_fg_above_bg":0.8,"interval95":[0.4,1]},)",
      R"("iou":{"magnitude":{"fixed":0.43,"fixed_interval95":[0.4,0.5],"threshold":0.12,"oracle":0.5,"best_fixed_over_dataset":0.44,"best_threshold":0.1},)",
      R"("frequency":{"fixed":0.41,"threshold":0.2,"oracle":0.5},"all_foreground":0.42,"all_foreground_measured":0.425})",
      filtering ? luvit::str(R"(,"filtering":{"n":4,"trained":)", block, R"(,"permuted":)", block, R"(,"random":)",
                             block, "}")
                : "",
      "}");
}

void write_run(const fs::path& folder, double share, bool filtering, double shift = 0) {
  write_text(
      folder / "results.json",
      luvit::str("{\"suites\":{", suite_json(share, filtering),
                 R"(},"provenance":{"weights_sha256":"0123456789abcdef0123","model":{"fusion":{"kind":"none"}}}})"));
  std::string lines = "path,fg_cells,bg_cells,entropy_fg,entropy_bg,iou_magnitude,iou_frequency\r\n", paths;
  for (int i = 0; i < 6; ++i) {
    const std::string path = luvit::str("a/", i, ".png");
    lines += luvit::str(path, ",", i + 1, ",", i == 5 ? 0 : 3 - i % 2, ",", 1 + 0.1 * i, ",",
                        i == 5 ? "" : luvit::str(1.3 + shift), ",0.5,0.", i + 1, "\r\n");
    paths += luvit::str(i ? ", " : "[", '"', path, '"');
  }
  write_text(folder / "analysis/ins.csv", lines);
  const at::Tensor map = at::arange(24, at::kFloat).view({6, 2, 2});
  write_safetensors(folder / "analysis/ins.panels.safetensors",
                    {{"entropy", map},
                     {"norm", at::ones({6, 2, 2})},
                     {"mask", at::zeros({6, 2, 2}, at::kByte)},
                     {"image", at::full({6, 8, 8, 3}, 100, at::kByte)}},
                    {{"paths", paths + "]"}});
}

TEST(TokenReport, ShowsThePapersFiguresOfOneModel) {
  const TemporaryFolder run;
  write_run(run.path(), 0.6, true);
  write_report(run.path());
  const std::string html = read_file(run / "report.html");
  EXPECT_EQ(ill_formed(html), "");
  EXPECT_FALSE(contains(html, ">nan"));
  for (const char* text :
       {"Attention and tokens", "Figures 2, 4 and 5", "Figure 3", "Table 7", "Eq. 5", "60", "a/0.png",
        "the three largest, the three around the median", "control", "Pseudo-masks against all",
        "The share hangs on whether the class token’s key is counted", "permuted block", "language block"})
    EXPECT_TRUE(contains(html, text)) << text;
  EXPECT_EQ(times(html, "<img"), 6u * 4);  // image, mask, entropy, norm
  for (const char* figure : {"ins_entropy", "ins_area", "ins_share", "ins_blocks", "ins_iou", "ins_filtering",
                             "ins_linear", "ins_amplification"}) {
    EXPECT_TRUE(path_exists(run.path() / "figures" / (std::string(figure) + ".svg"))) << figure;
    EXPECT_TRUE(path_exists(run.path() / "figures" / (std::string(figure) + ".csv"))) << figure;
  }
  const std::string data = read_file(run / "figures/ins_entropy.csv");
  EXPECT_TRUE(contains(data, "images,1.3,1.1")) << data;
  EXPECT_EQ(times(data, "\r\n"), 6u);  // a header and the five used images
  write_report(run.path());
  EXPECT_EQ(read_file(run / "report.html"), html);
}

TEST(TokenReport, SetsModelsSideBySide) {
  const TemporaryFolder folder;
  write_run(folder / "one", 0.6, false);
  write_run(folder / "two", 0.8, true, 0.05);
  write_side_by_side({{"plain", folder / "one"}, {"fused", folder / "two"}}, folder / "both");
  const std::string html = read_file(folder / "both/report.html");
  EXPECT_EQ(ill_formed(html), "");
  for (const char* text : {"plain 60", "fused 80", "plain: entropy", "fused: norm", "fused − plain", "0.050",
                           "by plain’s gap", "0123456789ab"})
    EXPECT_TRUE(contains(html, text)) << text;
  EXPECT_EQ(times(html, "<img"), 6u * 6);
  EXPECT_TRUE(contains(read_file(folder / "both/figures/ins_entropy.csv"), "fused,1.35,"));
}

TEST(TokenReport, ComparesMasksOnTheImagesThatNoThresholdWasChosenOn) {
  std::vector<AnalysedImage> a, b;
  for (int i = 0; i < 6; ++i) {
    a.push_back({str(i), 1, 3, 1, 2, 0.5, 0.5});
    b.push_back({str(i), 1, 3, 1, 2.5, i % 2 == 0 ? 0.9 : 0.4, 0.5});
  }
  const auto means = paired_token_means(a, b);
  EXPECT_EQ(means.at(0).second.n, 6);
  EXPECT_NEAR(means.at(0).second.difference(), 0.5, 1e-12);
  EXPECT_EQ(means.at(1).second.n, 3);
  EXPECT_NEAR(means.at(1).second.difference(), -0.1, 1e-12);
  EXPECT_FALSE(not_the_same_images(a, b));
  b[3].bg_cells = 2;
  EXPECT_TRUE(contains(not_the_same_images(a, b).value(), "image 3 has 1 foreground and 3 background cells"));
}

TEST(TokenReport, SaysWhatCannotBeSetSideBySide) {
  const TemporaryFolder folder;
  write_run(folder / "one", 0.6, false);
  write_run(folder / "two", 0.8, false);
  write_text(folder / "two/analysis/ins.csv",
             "path,fg_cells,bg_cells,entropy_fg,entropy_bg,iou_magnitude,iou_frequency\r\nb/0.png,1,3,1,2,0.5,0.5\r\n");
  write_side_by_side({{"one", folder / "one"}, {"two", folder / "two"}}, folder / "both");
  EXPECT_TRUE(contains(read_file(folder / "both/report.html"),
                       "one and two did not look at the same images with the same masks, so their figures are no "
                       "comparison: the first has 6 "
                       "images, the second 1."));
  write_text(folder / "none/results.json", R"({"suites":{}})");
  EXPECT_THROW(write_side_by_side({{"none", folder / "none"}}, folder / "x"), DataError);
  EXPECT_FALSE(path_exists(folder / "x/report.html"));
}

}  // namespace
}  // namespace luvit
