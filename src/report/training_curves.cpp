#include "luvit/report/training_curves.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/json_text.h"
#include "luvit/report/charts.h"

namespace luvit {
namespace {

using nlohmann::json;

struct Curve {
  std::map<double, double> at;  // by step: a later line replaces an earlier one

  Series series(const std::string& name) const {
    Series series{.name = name, .x = {}, .y = {}};
    for (const auto& [step, value] : at) {
      series.x.push_back(step);
      series.y.push_back(value);
    }
    return series;
  }
};

struct Curves {
  Curve loss, rate;
  std::map<std::string, Curve> gsnr;                 // R_l by layer; "all": the model
  std::map<std::string, Curve> held_out_loss, top1;  // by suite
  double step = 0;                                   // of the line read last
};

double number(const json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_number() ? found->get<double>() : nothing;
}

void put(Curve& curve, double step, double value) {
  if (std::isfinite(value)) curve.at[step] = value;
}

void read_line(Curves& curves, std::string_view text, const std::string& where) {
  require_sound_json(text, where);
  const json line = json::parse(text);
  const auto kind = line.is_object() ? line.find("kind") : line.end();
  if (!line.is_object() || kind == line.end() || !kind->is_string())
    throw DataError(str(escape(where), ": expected an object with a `kind`"));
  const double step = number(line, "step");
  if (std::isfinite(step)) curves.step = step;
  if (*kind == "step") {
    put(curves.loss, curves.step, number(line, "loss"));
    put(curves.rate, curves.step, number(line, "lr"));
  } else if (*kind == "gsnr") {
    if (const auto all = line.find("all"); all != line.end()) put(curves.gsnr["all"], curves.step, number(*all, "r_l"));
    if (const auto layers = line.find("layers"); layers != line.end() && layers->is_object())
      for (const auto& [layer, figures] : layers->items()) put(curves.gsnr[layer], curves.step, number(figures, "r_l"));
  } else if (*kind == "eval") {
    const auto named = line.find("suite");
    const std::string suite = named != line.end() && named->is_string() ? named->get<std::string>() : "val";
    put(curves.held_out_loss[suite], curves.step, number(line, "loss"));
    put(curves.top1[suite], curves.step, number(line, "top1"));
  }
}

Curves read_curves(const fs::path& file) {
  const std::string text = read_file(file);
  Curves curves;
  std::int64_t number_of_line = 0;
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    read_line(curves, std::string_view(text).substr(begin, end - begin), str(file.string(), ":", ++number_of_line));
  return curves;
}

void add_suites(Plot& plot, const std::map<std::string, Curve>& suites) {
  for (const auto& [suite, curve] : suites)
    if (!curve.at.empty()) plot.lines.push_back(curve.series(suite));
}

// Lines that can be told apart: the model, its first, middle and last ViT block, its fusion.
void add_gsnr(Plot& plot, const std::map<std::string, Curve>& layers) {
  std::size_t depth = 0;
  while (layers.contains(str("blocks.", depth))) ++depth;
  std::vector<std::string> names = {"all"};
  for (const std::size_t block : {std::size_t{0}, depth / 2, depth - 1})
    if (const std::string name = str("blocks.", block);
        depth > 0 && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  names.push_back("fusion");
  for (const std::string& name : names)
    if (const auto found = layers.find(name); found != layers.end() && !found->second.at.empty())
      plot.lines.push_back(found->second.series(name));
}

}  // namespace

std::vector<Figure> training_curves(const fs::path& run_folder) {
  const Curves curves = read_curves(run_folder / "metrics.jsonl");
  Plot loss{.name = "loss", .title = "Loss", .x = {.label = "step"}, .y = {.label = "loss"}};
  if (!curves.loss.at.empty()) loss.lines.push_back(curves.loss.series("training"));
  add_suites(loss, curves.held_out_loss);
  Plot rate{.name = "learning_rate", .title = "Learning rate", .x = {.label = "step"}, .y = {.label = "rate"}};
  if (!curves.rate.at.empty()) rate.lines.push_back(curves.rate.series("learning rate"));
  Plot top1{.name = "top1",
            .title = "Top-1 accuracy on held-out images",
            .x = {.label = "step"},
            .y = {.label = "top-1 accuracy", .unit = Unit::percent}};
  add_suites(top1, curves.top1);
  Plot gsnr{
      .name = "gsnr", .title = "Gradient signal-to-noise ratio R_l", .x = {.label = "step"}, .y = {.label = "R_l"}};
  add_gsnr(gsnr, curves.gsnr);
  std::vector<Figure> figures;
  for (const Plot& plot : {loss, rate, top1, gsnr})
    if (!plot.lines.empty()) figures.push_back(draw(plot));
  return figures;
}

}  // namespace luvit
