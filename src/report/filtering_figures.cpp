#include "luvit/core/text.h"
#include "luvit/report/charts.h"
#include "numbers.h"
#include "token_sections.h"

namespace luvit {
namespace {

constexpr const char* blocks[] = {"trained", "permuted", "random"};

std::string key_of(const char* block, const std::string& name) {
  return str("filtering.", block, ".", name);
}

// A bar a block; one series a model.
BarChart bars_of(const std::vector<const AnalysedSuite*>& models, bool several, const std::string& name,
                 const std::string& title, const std::string& key, const Axis& axis) {
  BarChart chart{
      .name = models.front()->result.name + name, .title = title, .categories = {}, .series = {}, .axis = axis};
  for (const char* block : blocks) chart.categories.push_back(str(block, " block"));
  for (const AnalysedSuite* model : models) {
    Bars bars{several ? model->model : key, {}, {}, {}};
    for (const char* block : blocks)
      add_bar(bars, model->result, key_of(block, key), key_of(block, key) + "_interval95");
    chart.series.push_back(std::move(bars));
  }
  return chart;
}

Plot profile_of(const AnalysedSuite& model, bool several) {
  Plot plot{.name = str(model.result.name, several ? "_" : "", several ? model.model : "", "_amplification"),
            .title = several ? str("Amplification over entropy: ", model.model) : "Amplification over entropy",
            .x = {.label = "patches from low to high entropy (tenths)"},
            .y = {.label = "‖z′‖/‖z‖ relative to the image’s mean"}};
  for (const char* block : blocks) {
    const auto mean = model.result.lists.find(key_of(block, "profile.mean")),
               error = model.result.lists.find(key_of(block, "profile.se"));
    if (mean == model.result.lists.end() || error == model.result.lists.end()) continue;
    if (mean->second.size() != error->second.size()) continue;
    Series series{.name = str(block, " block"), .x = {}, .y = mean->second};
    for (std::size_t i = 0; i < mean->second.size(); ++i) {
      series.x.push_back(static_cast<double>(i + 1));
      series.low.push_back(mean->second[i] - 1.96 * error->second[i]);
      series.high.push_back(mean->second[i] + 1.96 * error->second[i]);
    }
    plot.lines.push_back(std::move(series));
  }
  return plot;
}

// Of how many images the figures are.
std::string images_text(const std::vector<const AnalysedSuite*>& models, bool several) {
  std::string text;
  for (const AnalysedSuite* model : models) {
    const auto n = static_cast<std::int64_t>(model->result.figure("filtering.n").value_or(0));
    text += str(text.empty() ? "" : ", ", several ? model->model + " " : "", count_text(n), ", R² on ",
                count_text(n / 2), " of them");
  }
  return text + ".";
}

void add_table(Report& report, const std::vector<const AnalysedSuite*>& models, bool several) {
  Table table{.columns = {{"block"},
                          {"distance", Align::right},
                          {"equal weights", Align::right},
                          {"cosine", Align::right},
                          {"linear R²", Align::right},
                          {"amplification and entropy, ρ", Align::right},
                          {"ln object / background", Align::right}},
              .rows = {}};
  for (const AnalysedSuite* model : models)
    for (const char* block : blocks) {
      std::vector<std::string> row = {str(several ? model->model + ": " : "", block)};
      for (const char* key : {"distance", "distance_even", "cosine", "linear_r2", "amplification_entropy",
                              "amplification_log_fg_over_bg"}) {
        const auto value = model->result.figure(key_of(block, key));
        const auto ends = model->result.interval_of(key_of(block, key) + "_interval95");
        row.push_back(value ? decimal(*value, 3) : no_value);
        if (value && ends) row.back() += str(" [", decimal(ends->low, 3), ", ", decimal(ends->high, 3), "]");
      }
      table.rows.push_back(std::move(row));
    }
  report.page.table(table);
}

}  // namespace

void add_filtering(Report& report, const std::vector<AnalysedSuite>& models) {
  std::vector<const AnalysedSuite*> fused;
  for (const AnalysedSuite& model : models)
    if (model.result.figure("filtering.n")) fused.push_back(&model);
  if (fused.empty()) return;
  const bool several = models.size() > 1;
  report.page.heading(str(fused.front()->result.name, ": what the language block lets through"));
  report.page.paragraph(
      "The paper’s Eq. 5 says that the block leaves in the class token a weighted sum of the patches’ tokens, "
      "z′(CLS) ≈ Σ w(v) z′(v), and by that filters and raises the informative ones. Here z is the last ViT block’s "
      "output, z′ L2’s (before it is added to z, where the model does so), and w the block’s own attention of the "
      "class token. Controls in the same model: the block with each tensor’s entries in random places (“permuted”) "
      "and a random one. What they show as well is no effect of what the language model learned. 95% intervals are of "
      "a "
      "bootstrap over images: " +
      images_text(fused, several));
  add_table(report, fused, several);
  report.add(draw(bars_of(fused, several, "_filtering", "How far the class token is from the weighted sum", "distance",
                          {.label = "‖z′(CLS) − Σ w z′‖ / ‖z′(CLS)‖"})),
             "0 means that Eq. 5 holds exactly, 1 that the sum says no more than nothing at all. With equal weights "
             "instead of attention’s (the table) the distance should be greater if attention picks what matters.");
  report.add(draw(bars_of(fused, several, "_linear", "How linear the fusion is", "linear_r2",
                          {.label = "R² on held-out images"})),
             "The best affine map from L1’s output to L2’s, token by token, fitted on half of the images: the share of "
             "the variance that it explains on the others. 1 means that two linear layers would do as well. Beside the "
             "controls it tells whether the trained block’s non-linear part is used.");
  report.add(draw(bars_of(fused, several, "_raised", "Whether object is raised above background",
                          "amplification_log_fg_over_bg", {.label = "ln of amplification, object over background"})),
             "How much the fusion enlarges a token, ‖z′‖/‖z‖: the mean over the object’s patches by that over the "
             "background’s, as a logarithm. Above 0 the object is raised. A trained block that the controls equal "
             "raises it by no knowledge of its own.");
  for (const AnalysedSuite* model : fused)
    report.add(
        draw(profile_of(*model, several)),
        "How much the fusion enlarges a token, over tenths of an image’s patches by their attention entropy, with "
        "1.96 standard errors over images. A line that falls means that tokens of focused attention are raised; "
        "one that is flat, as the controls’ should be, that the block does not look at it.");
}

}  // namespace luvit
