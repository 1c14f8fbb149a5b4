#include "token_figures.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "luvit/statistics/intervals.h"
#include "luvit/statistics/paired.h"
#include "luvit/statistics/rank_correlation.h"
#include "mask_cells.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Json json_of(const Interval& interval) {
  return {interval.low, interval.high};
}

// Of the mean over images.
Json bootstrapped(const std::vector<double>& values) {
  if (values.size() < 2) return nullptr;  // of one image a bootstrap knows nothing
  std::vector<Cluster> clusters;
  for (const double value : values) clusters.push_back({value, 1});
  return json_of(bootstrap_interval(std::move(clusters)));
}

struct UsedImages {
  std::vector<double> foreground, background, gap;

  explicit UsedImages(const std::vector<Sides>& sides) {
    for (const Sides& side : sides) {
      if (!side.both()) continue;
      foreground.push_back(*side.foreground);
      background.push_back(*side.background);
      gap.push_back(*side.background - *side.foreground);
    }
  }
  std::int64_t n() const { return std::ssize(gap); }
};

Json entropy_results(const std::vector<Sides>& sides) {
  const UsedImages used(sides);
  const auto above = std::count_if(used.gap.begin(), used.gap.end(), [](double gap) { return gap > 0; });
  Json out;
  if (used.n() == 0)
    return {{"share_bg_above_fg", nullptr},
            {"interval95", nullptr},
            {"fg_mean", nullptr},
            {"bg_mean", nullptr},
            {"gap_mean", nullptr}};
  out["share_bg_above_fg"] = static_cast<double>(above) / static_cast<double>(used.n());
  out["interval95"] = json_of(wilson_interval(above, used.n()));
  out["fg_mean"] = mean_of(used.foreground);
  out["bg_mean"] = mean_of(used.background);
  out["gap_mean"] = mean_of(used.gap);
  out["gap_interval95"] = bootstrapped(used.gap);
  out["gap_median"] = median_of(used.gap);
  return out;
}

// How the gap hangs on the size of the object, which differs between data sets: over fifths of the images, and in rank.
Json area_results(const std::vector<Sides>& sides, const TokenMaps& maps) {
  const at::Tensor inside = maps.cells.eq(foreground).sum(1), counted = maps.cells.ne(ignored).sum(1);
  std::vector<std::pair<double, double>> images;  // share of foreground, gap
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (!sides[i].both()) continue;
    const auto place = static_cast<std::int64_t>(i);
    images.emplace_back(static_cast<double>(inside[place].item<std::int64_t>()) /
                            static_cast<double>(counted[place].item<std::int64_t>()),
                        *sides[i].background - *sides[i].foreground);
  }
  std::vector<double> area, gap;
  for (const auto& [share, difference] : images) {
    area.push_back(share);
    gap.push_back(difference);
  }
  Json out = {{"spearman", nullptr}, {"interval95", nullptr}};
  if (const auto found = spearman(area, gap))
    out = {{"spearman", found->rho}, {"interval95", json_of(found->interval)}};
  std::stable_sort(images.begin(), images.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  out["fifths"] = Json::array();
  constexpr std::size_t parts = 5;
  for (std::size_t part = 0; part < parts && images.size() >= parts; ++part) {
    const std::size_t first = images.size() * part / parts, last = images.size() * (part + 1) / parts;
    std::vector<double> areas, gaps;
    for (std::size_t i = first; i < last; ++i) {
      areas.push_back(images[i].first);
      gaps.push_back(images[i].second);
    }
    const auto above = std::count_if(gaps.begin(), gaps.end(), [](double value) { return value > 0; });
    out["fifths"].push_back({{"n", gaps.size()},
                             {"area_mean", mean_of(areas)},
                             {"share_bg_above_fg", static_cast<double>(above) / static_cast<double>(gaps.size())},
                             {"interval95", json_of(wilson_interval(above, std::ssize(gaps)))},
                             {"gap_mean", mean_of(gaps)}});
  }
  return out;
}

Json norm_results(const std::vector<Sides>& sides) {
  const UsedImages used(sides);
  if (used.n() == 0) return {{"fg_mean", nullptr}, {"bg_mean", nullptr}};
  const auto above = std::count_if(used.gap.begin(), used.gap.end(), [](double gap) { return gap < 0; });
  return {{"fg_mean", mean_of(used.foreground)},
          {"bg_mean", mean_of(used.background)},
          {"share_fg_above_bg", static_cast<double>(above) / static_cast<double>(used.n())},
          {"interval95", json_of(wilson_interval(above, used.n()))}};
}

constexpr int chosen_on = 0, measured_on = 1, on_all = -1;  // parities of places: every second image, the others

void add_mean(Json& out, const std::string& key, const std::vector<double>& values) {
  out[key] = values.empty() ? Json() : Json(mean_of(values));
  if (!values.empty()) out[key + "_interval95"] = bootstrapped(values);
}

Json mask_results(const PseudoMasks& masks) {
  Json out = {{"fixed", nullptr}, {"threshold", nullptr}};
  if (const auto place = masks.best(chosen_on)) {
    out["threshold"] = PseudoMasks::threshold(*place);
    add_mean(out, "fixed", masks.at(*place, measured_on));
  }
  add_mean(out, "oracle", masks.oracle());
  out["best_fixed_over_dataset"] = nullptr;  // chosen and measured on the same images: an upper bound
  if (const auto place = masks.best(on_all)) {
    add_mean(out, "best_fixed_over_dataset", masks.at(*place, on_all));
    out["best_threshold"] = PseudoMasks::threshold(*place);
  }
  return out;
}

}  // namespace

std::vector<Sides> sides_of(const TokenMaps& maps, std::int64_t channel) {
  const at::Tensor values = maps.values.select(1, channel).contiguous();
  const std::int64_t patches = values.size(1);
  std::vector<Sides> all(static_cast<std::size_t>(maps.images()));
  for (std::int64_t i = 0; i < maps.images(); ++i) {
    const float* value = values.const_data_ptr<float>() + i * patches;
    const std::uint8_t* cell = maps.cells.const_data_ptr<std::uint8_t>() + i * patches;
    double sum[2] = {0, 0}, n[2] = {0, 0};
    for (std::int64_t j = 0; j < patches; ++j) {
      if (cell[j] == ignored) continue;
      sum[cell[j]] += static_cast<double>(value[j]);
      n[cell[j]] += 1;
    }
    Sides& sides = all[static_cast<std::size_t>(i)];
    if (n[foreground] > 0) sides.foreground = sum[foreground] / n[foreground];
    if (n[background] > 0) sides.background = sum[background] / n[background];
  }
  return all;
}

Json token_results(const SuitePlan& plan, const TokenMaps& maps) {
  const std::vector<Sides> entropy = sides_of(maps, TokenMaps::entropy);
  Json out;
  out["kind"] = kind_name(plan.options.kind);
  out["data"] = plan.options.data;
  out["masks"] = plan.options.masks;
  out["n"] = maps.images();
  out["n_used"] = std::count_if(entropy.begin(), entropy.end(), [](const Sides& sides) { return sides.both(); });
  out["n_foreground"] = maps.cells.eq(foreground).any(1).sum().item<std::int64_t>();

  out["entropy"] = entropy_results(entropy);
  out["entropy"]["cls_key_excluded"] = entropy_results(sides_of(maps, TokenMaps::entropy_of_patches));
  out["entropy"]["area"] = area_results(entropy, maps);
  for (std::size_t i = 0; i < maps.attention_of.size(); ++i) {
    const auto channel = static_cast<std::int64_t>(TokenMaps::fixed_channels + 2 * i);
    Json of_block = entropy_results(sides_of(maps, channel));
    of_block["cls_key_excluded"] = entropy_results(sides_of(maps, channel + 1));
    out["entropy"]["blocks"][maps.attention_of[i]] = of_block;
  }
  out["norm"] = norm_results(sides_of(maps, TokenMaps::norm));

  out["iou"]["magnitude"] = mask_results(PseudoMasks(maps, TokenMaps::magnitude));
  out["iou"]["frequency"] = mask_results(PseudoMasks(maps, TokenMaps::frequency));
  add_mean(out["iou"], "all_foreground", all_foreground(maps, on_all));
  add_mean(out["iou"], "all_foreground_measured", all_foreground(maps, measured_on));
  return out;
}

}  // namespace luvit
