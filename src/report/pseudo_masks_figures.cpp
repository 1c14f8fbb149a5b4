#include "luvit/core/text.h"
#include "luvit/report/charts.h"
#include "numbers.h"
#include "token_sections.h"

namespace luvit {
namespace {

void add_thresholds(Report& report, const std::vector<AnalysedSuite>& models) {
  Table table{.columns = {{"pseudo-mask"},
                          {"threshold", Align::right},
                          {"fixed, %", Align::right},
                          {"95% interval", Align::right},
                          {"best fixed, %", Align::right},
                          {"best of each image, %", Align::right}},
              .rows = {}};
  for (const AnalysedSuite& model : models)
    for (const char* component : {"magnitude", "frequency"}) {
      const std::string key = str("iou.", component, ".");
      const std::int64_t n = model.result.images();
      const auto text = [&](const std::string& name) {
        const auto value = model.result.figure(key + name);
        return value ? percent_text(*value, n) : no_value;
      };
      const auto threshold = model.result.figure(key + "threshold");
      const auto ends = model.result.interval_of(key + "fixed_interval95");
      table.rows.push_back({str(named(models, model), models.size() == 1 ? "" : ": ", component),
                            threshold ? decimal(*threshold, 2) : no_value, text("fixed"),
                            ends ? interval_text(*ends, n) : no_value, text("best_fixed_over_dataset"),
                            text("oracle")});
    }
  report.page.table(table);
}

}  // namespace

void add_pseudo_masks(Report& report, const std::vector<AnalysedSuite>& models) {
  if (!models.front().result.figure("iou.all_foreground")) return;
  add_thresholds(report, models);
  report.page.paragraph(
      "As the paper’s Table 7: masks cut out of two maps by a threshold, held against the true ones by intersection "
      "over "
      "union. Magnitude is how far a token is from the image’s mean token, frequency how far the phases of its Fourier "
      "transform are from their mean. “Fixed” is one threshold for all images, chosen on every second image and "
      "measured on the others. “Best fixed” is chosen and measured on all images, “best of each image” takes each "
      "image’s own among 0.1 … 0.9, of which a fixed one of 0.01 may be the better: both have seen the true masks that "
      "they are measured on, and are no results.");
  BarChart chart{.name = models.front().result.name + "_iou",
                 .title = "Pseudo-masks against all foreground",
                 .categories = {},
                 .series = {{"magnitude", {}, {}, {}}, {"frequency", {}, {}, {}}, {"all foreground", {}, {}, {}}},
                 .axis = {.label = "mean IoU", .unit = Unit::percent, .range = Range{0, 1}}};
  for (const AnalysedSuite& model : models) {
    chart.categories.push_back(models.size() == 1 ? model.result.name : model.model);
    const char* keys[] = {"iou.magnitude.fixed", "iou.frequency.fixed", "iou.all_foreground_measured"};
    for (std::size_t i = 0; i < std::size(keys); ++i)
      add_bar(chart.series[i], model.result, keys[i], str(keys[i], "_interval95"));
  }
  report.add(
      draw(chart),
      "Mean IoU at the fixed threshold, with the bootstrap’s 95% interval over the images it is measured on. The "
      "third bar is the control: a mask that covers everything, on the same images. A pseudo-mask that does not "
      "pass it says nothing about the object.");
}

}  // namespace luvit
