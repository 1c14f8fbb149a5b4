#include "luvit/report/gsnr_report.h"

#include "files_for_test.h"

namespace luvit {
namespace {

GsnrReport::Layer layer(const std::string& name, double ratio, bool interval) {
  GsnrReport::Layer out{.name = name, .n = 1000, .left_out = 8};
  out.ratio.value = out.mean.value = ratio;
  if (interval) out.ratio.low = ratio - 0.001, out.ratio.high = ratio + 0.001;
  return out;
}

// A fused run with two checkpoints and a plain file beside it, which has no fusion and no step.
GsnrReport made_up(bool intervals) {
  GsnrReport report{.samples = 256, .settings = {{"data", "a & b"}}};
  for (const double step : {1000.0, 12000.0}) {
    GsnrReport::Point& point = report.points.emplace_back();
    point.run = "runs/luvit";
    point.step = step;
    point.layers = {layer("blocks.0", 0.01, intervals), layer("fusion", -0.002, intervals),
                    layer("all", 0.005, intervals)};
  }
  GsnrReport::Point& plain = report.points.emplace_back();
  plain.run = "vit<1>";
  plain.layers = {layer("blocks.0", 0.02, intervals), layer("all", 0.02, intervals)};
  report.comparisons.push_back(
      {.first = "runs/luvit", .second = "vit<1>", .rows = {{"blocks.0", 0.01, 0.02, {.value = 0.01}}}});
  return report;
}

TEST(GsnrReport, HoldsTheProfileTheCourseAndTheComparison) {
  for (const bool intervals : {true, false}) {
    TemporaryFolder folder, again;
    write_gsnr_report(folder.path(), made_up(intervals));
    const std::string page = read_file(folder / "report.html");
    EXPECT_EQ(ill_formed(page), "");
    for (const char* text : {"12,000", "B_simple", "Michalkiewicz", "vit&lt;1&gt; less runs/luvit", "32 %"})
      EXPECT_TRUE(contains(page, text)) << text;
    for (const char* figure : {"gsnr_profile", "gsnr_map_runs_luvit", "gsnr_blocks.0", "gsnr_fusion", "gsnr_all"})
      EXPECT_TRUE(fs::exists(folder / "figures" / (std::string(figure) + ".svg"))) << figure;
    EXPECT_TRUE(contains(read_file(folder / "figures/gsnr_map_runs_luvit.svg"), "−0.0020"));
    const std::string profile = read_file(folder / "figures/gsnr_profile.csv");
    EXPECT_TRUE(contains(profile, intervals ? "fusion,runs/luvit,-0.002,-0.003,-0.001" : "fusion,runs/luvit,-0.002,,"))
        << profile;
    write_gsnr_report(again.path(), made_up(intervals));
    EXPECT_EQ(read_file(again / "report.html"), page);
  }
}

}  // namespace
}  // namespace luvit
