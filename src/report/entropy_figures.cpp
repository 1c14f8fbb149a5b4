#include <algorithm>
#include <cmath>

#include "luvit/core/text.h"
#include "luvit/report/charts.h"
#include "numbers.h"
#include "token_sections.h"

namespace luvit {
namespace {

void add_scatter(Report& report, const std::vector<AnalysedSuite>& models) {
  const std::string& suite = models.front().result.name;
  Plot plot{.name = suite + "_entropy",
            .title = "Attention entropy of background and object",
            .x = {.label = "mean over background (nats)"},
            .y = {.label = "mean over object (nats)"},
            .equal_axes = true};
  std::string shares;
  for (const AnalysedSuite& model : models) {
    Series series{.name = models.size() == 1 ? "images" : model.model, .x = {}, .y = {}};
    for (const AnalysedImage& image : model.images) {
      if (!image.used()) continue;
      series.x.push_back(image.entropy_bg);
      series.y.push_back(image.entropy_fg);
    }
    if (!series.x.empty()) plot.points.push_back(std::move(series));
    if (const auto share = model.result.figure("entropy.share_bg_above_fg"))
      shares += str(shares.empty() ? "" : ", ", named(models, model), models.size() == 1 ? "" : " ",
                    percent_text(*share, model.result.images()), "%");
  }
  if (plot.points.empty()) return;
  report.add(draw(plot),
             str("As the paper’s Figures 2, 4 and 5. A point is an image: how widely the last ViT block’s attention is "
                 "spread, on average over its background and over its object. Below the dashed line the background’s "
                 "is the wider: ",
                 shares,
                 " of the images. The line is the control: a model that does not tell object from background has "
                 "half of its points on each side, up to what the object’s size does (next figure)."));
}

// Images by fifths of the object's area.
void add_area(Report& report, const std::vector<AnalysedSuite>& models) {
  constexpr std::size_t parts = 5;
  Plot plot{.name = models.front().result.name + "_area",
            .title = "By the size of the object",
            .x = {.label = "object’s share of the cells", .unit = Unit::percent},
            .y = {.label = "background above object", .unit = Unit::percent, .range = Range{0, 1}}};
  for (const AnalysedSuite& model : models) {
    std::vector<std::pair<double, bool>> images;
    for (const AnalysedImage& image : model.images)
      if (image.used()) images.emplace_back(image.area(), image.gap() > 0);
    if (images.size() < parts) continue;
    std::stable_sort(images.begin(), images.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    Series series{.name = models.size() == 1 ? "a fifth of the images" : model.model, .x = {}, .y = {}};
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t first = images.size() * part / parts, last = images.size() * (part + 1) / parts;
      double area = 0;
      std::int64_t above = 0;
      for (std::size_t i = first; i < last; ++i) {
        area += images[i].first;
        above += images[i].second;
      }
      const auto n = static_cast<std::int64_t>(last - first);
      const Interval interval = wilson_interval(above, n);
      series.x.push_back(area / static_cast<double>(n));
      series.y.push_back(static_cast<double>(above) / static_cast<double>(n));
      series.low.push_back(interval.low);
      series.high.push_back(interval.high);
    }
    plot.lines.push_back(std::move(series));
  }
  if (plot.lines.empty()) return;
  report.add(
      draw(plot),
      "The same share over fifths of the images, from small to large objects, with 95% intervals. Where the line "
      "rises or falls, the share of a whole data set also says how large its objects are, and two data sets "
      "must not be compared by it; two models on the same images may be.");
}

BarChart share_bars(const std::string& name, const std::string& title) {
  return {.name = name,
          .title = title,
          .categories = {},
          .series = {},
          .axis = {.label = "images with background above object", .unit = Unit::percent, .range = Range{0, 1}}};
}

void add_share(Bars& bars, const SuiteResult& suite, const std::string& prefix) {
  add_bar(bars, suite, prefix + "share_bg_above_fg", prefix + "interval95");
}

void add_shares(Report& report, const std::vector<AnalysedSuite>& models) {
  BarChart chart = share_bars(models.front().result.name + "_share", "Where background is above object");
  chart.series = {{"all keys", {}, {}, {}}, {"patches’ keys", {}, {}, {}}};
  for (const AnalysedSuite& model : models) {
    if (!model.result.figure("entropy.share_bg_above_fg")) continue;
    chart.categories.push_back(models.size() == 1 ? model.result.name : model.model);
    add_share(chart.series[0], model.result, "entropy.");
    add_share(chart.series[1], model.result, "entropy.cls_key_excluded.");
  }
  if (chart.categories.empty()) return;
  report.add(draw(chart),
             "The share of images below the line of the first figure, with Wilson’s 95% interval; once over all keys, "
             "once with the class token’s key left out and the rest made to sum to one. The second is the control for "
             "attention that is merely parked on the class token. 50% is no preference.");
}

// The blocks that were asked for besides the last, by number, then the language block.
std::vector<std::string> blocks_of(const std::vector<AnalysedSuite>& models) {
  const std::string before = "entropy.blocks.", after = ".share_bg_above_fg";
  std::set<std::string> found;
  for (const AnalysedSuite& model : models)
    for (const auto& [key, value] : model.result.figures) {
      if (!key.starts_with(before) || !key.ends_with(after)) continue;
      const std::string name = key.substr(before.size(), key.size() - before.size() - after.size());
      if (name.find('.') == std::string::npos) found.insert(name);
    }
  std::vector<std::string> blocks(found.begin(), found.end());
  std::sort(blocks.begin(), blocks.end(), [](const std::string& a, const std::string& b) {
    return std::pair(a.size(), a) < std::pair(b.size(), b);  // "llm" is longer than any number of a block
  });
  return blocks;
}

void add_blocks(Report& report, const std::vector<AnalysedSuite>& models) {
  const std::vector<std::string> blocks = blocks_of(models);
  if (blocks.empty()) return;
  BarChart chart = share_bars(models.front().result.name + "_blocks", "Block by block");
  std::vector<std::pair<std::string, std::string>> shown;  // name and key, in the order of the pass
  for (const std::string& block : blocks)
    if (block != "llm") shown.emplace_back("ViT block " + block, "entropy.blocks." + block + ".");
  shown.emplace_back("last ViT block", "entropy.");
  if (blocks.back() == "llm") shown.emplace_back("language block", "entropy.blocks.llm.");
  for (const auto& [name, key] : shown) chart.categories.push_back(name);
  for (const AnalysedSuite& model : models) {
    Bars bars{models.size() == 1 ? "all keys" : model.model, {}, {}, {}};
    for (const auto& [name, key] : shown) add_share(bars, model.result, key);
    chart.series.push_back(std::move(bars));
  }
  report.add(
      draw(chart),
      "The same share for the attention of other blocks: whether what the last ViT block shows is there from the "
      "start, and whether the language block’s own attention has it. Blocks count from 0.");
}

}  // namespace

void add_entropy_figures(Report& report, const std::vector<AnalysedSuite>& models) {
  add_scatter(report, models);
  add_area(report, models);
  add_shares(report, models);
  add_blocks(report, models);
}

}  // namespace luvit
