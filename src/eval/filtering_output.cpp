#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "filtering.h"
#include "luvit/core/text.h"
#include "luvit/io/csv.h"
#include "luvit/statistics/paired.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

// The mean over the images that have a value, and how sure it is.
void add_mean(Json& out, const std::string& key, const at::Tensor& images) {
  std::vector<Cluster> clusters;
  double sum = 0;
  for (std::int64_t i = 0; i < images.size(0); ++i) {
    const double value = images[i].item<double>();
    if (!std::isfinite(value)) continue;
    clusters.push_back({value, 1});
    sum += value;
  }
  out[key] = clusters.empty() ? Json() : Json(sum / static_cast<double>(clusters.size()));
  if (clusters.size() < 2) return;  // of one image a bootstrap knows nothing
  const Interval interval = bootstrap_interval(std::move(clusters));
  out[key + "_interval95"] = {interval.low, interval.high};
}

void add_share(Json& out, const at::Tensor& log_ratios) {
  const at::Tensor there = log_ratios.index({log_ratios.isfinite()});
  const std::int64_t n = there.size(0), raised = there.gt(0).sum().item<std::int64_t>();
  if (n == 0) return;
  const Interval interval = wilson_interval(raised, n);
  out["share_fg_above_bg"] = static_cast<double>(raised) / static_cast<double>(n);
  out["interval95"] = {interval.low, interval.high};
}

const std::vector<std::pair<FilteringFigures::Column, std::string>> columns = {
    {FilteringFigures::distance, "distance"},
    {FilteringFigures::cosine, "cosine"},
    {FilteringFigures::distance_even, "distance_even"},
    {FilteringFigures::entropy_rank, "amplification_entropy"},
    {FilteringFigures::mask_log_ratio, "amplification_log_fg_over_bg"}};

}  // namespace

Json filtering_results(const FilteringFigures& figures) {
  Json out = {{"n", figures.places.size()}};
  for (std::size_t i = 0; i < filtering_blocks.size(); ++i) {
    const auto block = static_cast<std::int64_t>(i);
    Json of_block = Json::object();
    for (const auto& [column, name] : columns)
      add_mean(of_block, name, figures.images.select(1, block).select(1, column));
    add_share(of_block, figures.images.select(1, block).select(1, FilteringFigures::mask_log_ratio));
    const auto r2 = [&](std::int64_t place) { return figures.linear_r2[block][place].item<double>(); };
    of_block["linear_r2"] = number(r2(0));
    if (std::isfinite(r2(1))) of_block["linear_r2_interval95"] = {r2(1), r2(2)};
    of_block["profile"] = {{"mean", Json::array()}, {"se", Json::array()}};
    for (std::int64_t part = 0; part < figures.profile.size(1); ++part) {
      of_block["profile"]["mean"].push_back(number(figures.profile[block][part][0].item<double>()));
      of_block["profile"]["se"].push_back(number(figures.profile[block][part][1].item<double>()));
    }
    out[filtering_blocks[i]] = of_block;
  }
  return out;
}

std::string filtering_lines(const SuitePlan& plan, const FilteringFigures& figures) {
  std::vector<std::string> header = {"path", "block"};
  for (const auto& [column, name] : columns) header.push_back(name);
  std::string text = csv_record(header);
  for (std::size_t i = 0; i < figures.places.size(); ++i)
    for (std::size_t block = 0; block < filtering_blocks.size(); ++block) {
      std::vector<std::string> record = {plan.parts.at(0).images->path(figures.places[i]), filtering_blocks[block]};
      for (const auto& [column, name] : columns) {
        const double value =
            figures.images[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(block)][column].item<double>();
        record.push_back(std::isfinite(value) ? exact(value) : "");
      }
      text += csv_record(record);
    }
  return text;
}

}  // namespace luvit
