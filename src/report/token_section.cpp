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

std::vector<std::pair<double, double>> above_pairs(const AnalysedSuite& a, const AnalysedSuite& b) {
  std::vector<std::pair<double, double>> pairs;
  for (std::size_t i = 0; i < a.images.size(); ++i)
    if (a.images[i].used() && b.images[i].used()) pairs.emplace_back(a.images[i].gap() > 0, b.images[i].gap() > 0);
  return pairs;
}

// The key of the class token is no patch: a share that hangs on it says something else than it seems to.
void warn_of_class_token(Report& report, const std::vector<AnalysedSuite>& models, const AnalysedSuite& model) {
  const std::string ending = ".cls_key_excluded.share_bg_above_fg";
  std::vector<std::string> changed;
  for (const auto& [key, without] : model.result.figures) {
    if (!key.starts_with("entropy.") || !key.ends_with(ending)) continue;
    const std::string of = key.substr(0, key.size() - ending.size());
    const auto with = model.result.figure(of + ".share_bg_above_fg");
    if (!with || std::abs(*with - without) <= 0.02) continue;
    const std::string block = of == "entropy" ? "the last ViT block"
                              : of == "entropy.blocks.llm"
                                  ? "the language block"
                                  : "ViT block " + of.substr(std::string("entropy.blocks.").size());
    changed.push_back(str(block, " ", percent_text(*with, 0), "% with it, ", percent_text(without, 0), "% without"));
  }
  if (!changed.empty())
    report.page.warning(str(named(models, model), models.size() == 1 ? "" : ": ",
                            "The share hangs on whether the class token’s key is counted: ", join(changed, "; "), "."));
}

// Before any figure: what is below is then of two sets of images.
void warn_of_other_images(Report& report, const std::vector<AnalysedSuite>& models) {
  const AnalysedSuite& first = models.front();
  for (std::size_t i = 1; i < models.size(); ++i)
    if (const auto why = not_the_same_images(first.images, models[i].images))
      report.page.warning(
          str(first.model, " and ", models[i].model,
              " did not look at the same images with the same masks, so their figures are no comparison: ", *why, "."));
}

void add_differences(Report& report, const std::vector<AnalysedSuite>& models) {
  Table table{.columns = {{"models"},
                          {"difference"},
                          {"images", Align::right},
                          {"mean", Align::right},
                          {"95% interval", Align::right}},
              .rows = {}};
  const AnalysedSuite& first = models.front();
  const std::pair<const char*, bool> names[] = {{"background above object, points", true},
                                                {"gap, nats", false},
                                                {"mask IoU by magnitude, points", true},
                                                {"mask IoU by frequency, points", true}};
  for (std::size_t i = 1; i < models.size(); ++i) {
    if (first.images.empty() || not_the_same_images(first.images, models[i].images)) continue;
    std::vector<MeanPairs> found = {mean_pairs(above_pairs(first, models[i]))};
    for (const auto& [name, pairs] : paired_token_means(first.images, models[i].images)) found.push_back(pairs);
    for (std::size_t k = 0; k < found.size(); ++k) {
      if (found[k].n == 0) continue;
      const auto& [name, percent] = names[k];
      const auto text = [&](double number) { return percent ? decimal(100 * number, 1) : decimal(number, 3); };
      table.rows.push_back({str(models[i].model, " − ", first.model), name, count_text(found[k].n),
                            text(found[k].difference()),
                            str("[", text(found[k].interval95.low), ", ", text(found[k].interval95.high), "]")});
    }
  }
  if (table.rows.empty()) return;
  report.page.heading("The same images, pair by pair");
  report.page.paragraph(
      "Each model against the first, image by image; intervals are of a paired bootstrap over images. An interval that "
      "holds 0 leaves open which of the two is higher. Masks are cut at each model’s own threshold, and held against "
      "the true ones on the images that it was not chosen on. The same as luvit_eval compare says.");
  report.page.table(table);
}

}  // namespace

std::string named(const std::vector<AnalysedSuite>& models, const AnalysedSuite& model) {
  return models.size() == 1 ? "" : model.model;
}

void add_bar(Bars& bars, const SuiteResult& suite, const std::string& figure, const std::string& interval) {
  const auto ends = suite.interval_of(interval);
  bars.values.push_back(suite.figure(figure).value_or(nothing));
  bars.low.push_back(ends ? ends->low : nothing);
  bars.high.push_back(ends ? ends->high : nothing);
}

void add_token_analysis(Report& report, const std::vector<AnalysedSuite>& models) {
  const SuiteResult& suite = models.front().result;
  report.page.heading(str(suite.name, ": what attention and tokens do on object and background"));
  warn_of_other_images(report, models);
  add_table(report, models);
  for (const AnalysedSuite& model : models) warn_of_class_token(report, models, model);
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
