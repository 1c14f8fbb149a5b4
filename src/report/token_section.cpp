#include <algorithm>
#include <cmath>

#include "luvit/core/text.h"
#include "luvit/statistics/paired.h"
#include "numbers.h"
#include "token_sections.h"

namespace luvit {
namespace {

std::string share_text(const AnalysedSuite& model, const std::string& key, const std::string& interval) {
  const auto value = model.result.figure(key);
  if (!value) return no_value;
  const std::int64_t n = model.result.images();
  const auto ends = model.result.interval_of(interval);
  return str(percent_text(*value, n), ends ? str(" [", interval_text(*ends, n), "]") : "");
}

std::string number(const AnalysedSuite& model, const std::string& key, int decimals = 3) {
  const auto value = model.result.figure(key);
  return value ? decimal(*value, decimals) : no_value;
}

std::string with_ends(const AnalysedSuite& model, const std::string& key, const std::string& interval) {
  const auto ends = model.result.interval_of(interval);
  return str(number(model, key), ends ? str(" [", decimal(ends->low, 3), ", ", decimal(ends->high, 3), "]") : "");
}

std::string count(const AnalysedSuite& model, const std::string& key) {
  const auto value = model.result.figure(key);
  return value ? count_text(static_cast<std::int64_t>(*value)) : no_value;
}

// A row a figure, a column a model.
void add_table(Report& report, const std::vector<AnalysedSuite>& models) {
  Table table{.columns = {{"figure"}}, .rows = {}};
  for (const AnalysedSuite& model : models)
    table.columns.push_back({models.size() == 1 ? "value" : model.model, Align::right});
  const auto row = [&](const std::string& name, const auto& text) {
    table.rows.push_back({name});
    for (const AnalysedSuite& model : models) table.rows.back().push_back(text(model));
  };
  row("images", [](const auto& m) { return count(m, "n"); });
  row("… with cells of object and of background", [](const auto& m) { return count(m, "n_used"); });
  row("background above object in entropy, % of images",
      [](const auto& m) { return share_text(m, "entropy.share_bg_above_fg", "entropy.interval95"); });
  row("… over the patches’ keys alone", [](const auto& m) {
    return share_text(m, "entropy.cls_key_excluded.share_bg_above_fg", "entropy.cls_key_excluded.interval95");
  });
  row("entropy of object, nats", [](const auto& m) { return number(m, "entropy.fg_mean"); });
  row("entropy of background, nats", [](const auto& m) { return number(m, "entropy.bg_mean"); });
  row("gap, background − object, nats",
      [](const auto& m) { return with_ends(m, "entropy.gap_mean", "entropy.gap_interval95"); });
  row("rank correlation of gap and object’s area",
      [](const auto& m) { return with_ends(m, "entropy.area.spearman", "entropy.area.interval95"); });
  row("norm of object’s tokens", [](const auto& m) { return number(m, "norm.fg_mean", 2); });
  row("norm of background’s tokens", [](const auto& m) { return number(m, "norm.bg_mean", 2); });
  report.page.table(table);
}

// Of b against the first model on the images that both used.
void add_difference(Table& table, const AnalysedSuite& a, const AnalysedSuite& b, const std::string& name,
                    double (*value)(const AnalysedImage&), bool percent) {
  std::vector<Cluster> clusters;
  double sum = 0;
  for (std::size_t i = 0; i < a.images.size(); ++i) {
    const double difference = value(b.images[i]) - value(a.images[i]);
    if (!std::isfinite(difference)) continue;
    sum += difference;
    clusters.push_back({difference, 1});
  }
  if (clusters.empty()) return;
  const double mean = sum / static_cast<double>(clusters.size());
  const std::string n = count_text(std::ssize(clusters));
  const Interval interval = bootstrap_interval(std::move(clusters));
  const auto text = [&](double number) { return percent ? decimal(100 * number, 1) : decimal(number, 3); };
  table.rows.push_back({str(b.model, " − ", a.model), name, n, text(mean),
                        str("[", text(interval.low), ", ", text(interval.high), "]")});
}

void add_differences(Report& report, const std::vector<AnalysedSuite>& models) {
  Table table{.columns = {{"models"},
                          {"difference"},
                          {"images", Align::right},
                          {"mean", Align::right},
                          {"95% interval", Align::right}},
              .rows = {}};
  const AnalysedSuite& first = models.front();
  for (std::size_t i = 1; i < models.size(); ++i) {
    const bool same = std::equal(
        first.images.begin(), first.images.end(), models[i].images.begin(), models[i].images.end(),
        [](const AnalysedImage& a, const AnalysedImage& b) { return a.path == b.path && a.fg_cells == b.fg_cells; });
    if (!same || first.images.empty()) {
      report.page.warning(str(models[i].model, " and ", first.model,
                              " did not look at the same images with the same masks; they are not compared in pairs."));
      continue;
    }
    const auto above = [](const AnalysedImage& image) {
      return image.used() ? static_cast<double>(image.gap() > 0) : std::nan("");
    };
    add_difference(table, first, models[i], "background above object, points", above, true);
    add_difference(
        table, first, models[i], "gap, nats", [](const auto& image) { return image.gap(); }, false);
    add_difference(
        table, first, models[i], "mask IoU by magnitude, points", [](const auto& image) { return image.iou_magnitude; },
        true);
    add_difference(
        table, first, models[i], "mask IoU by frequency, points", [](const auto& image) { return image.iou_frequency; },
        true);
  }
  if (table.rows.empty()) return;
  report.page.heading("The same images, pair by pair");
  report.page.paragraph(
      "Each model against the first, image by image; intervals are of a paired bootstrap over images. An interval that "
      "holds 0 leaves open which of the two is higher. Masks are cut at each model’s own threshold, on all images.");
  report.page.table(table);
}

}  // namespace

std::string named(const std::vector<AnalysedSuite>& models, const AnalysedSuite& model) {
  return models.size() == 1 ? "" : model.model;
}

void add_token_analysis(Report& report, const std::vector<AnalysedSuite>& models) {
  const SuiteResult& suite = models.front().result;
  report.page.heading(str(suite.name, ": what attention and tokens do on object and background"));
  add_table(report, models);
  for (const AnalysedSuite& model : models) {
    const auto with = model.result.figure("entropy.share_bg_above_fg"),
               without = model.result.figure("entropy.cls_key_excluded.share_bg_above_fg");
    if (with && without && std::abs(*with - *without) > 0.02)
      report.page.warning(str(named(models, model), models.size() == 1 ? "" : ": ",
                              "The share hangs on whether the class token’s key is counted: ", percent_text(*with, 0),
                              "% with it, ", percent_text(*without, 0), "% without."));
  }
  add_entropy_figures(report, models);
  add_panels(report, models);
  add_pseudo_masks(report, models);
  add_filtering(report, models);
  if (models.size() > 1) add_differences(report, models);
}

void add_tokens(Report& report) {
  bool first = true;
  for (const SuiteResult& suite : report.run.suites) {
    if (suite.kind != "imagenet_s" || !suite.figure("n_used")) continue;
    if (first) report.page.section("Attention and tokens");
    first = false;
    add_token_analysis(report, {read_analysed("", suite, report.folder)});
  }
}

}  // namespace luvit
