#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "luvit/core/text.h"
#include "luvit/data/transforms.h"
#include "luvit/io/csv.h"
#include "luvit/io/safetensors.h"
#include "mask_cells.h"
#include "token_figures.h"

namespace luvit {
namespace {

std::string field(const std::optional<double>& value) {
  return value ? exact(*value) : "";
}

std::string lines_of(const SuitePlan& plan, const TokenMaps& maps) {
  const std::vector<Sides> entropy = sides_of(maps, TokenMaps::entropy);
  const PseudoMasks magnitude(maps, TokenMaps::magnitude), frequency(maps, TokenMaps::frequency);
  const auto at_fixed = [](const PseudoMasks& masks, std::optional<std::int64_t> place, std::size_t image) {
    const auto& curve = masks.curves()[image];
    return place && curve ? std::optional((*curve)[static_cast<std::size_t>(*place)]) : std::nullopt;
  };
  const auto of_magnitude = magnitude.best(0), of_frequency = frequency.best(0);
  const at::Tensor inside = maps.cells.eq(foreground).sum(1), outside = maps.cells.eq(background).sum(1);
  std::string text =
      csv_record({"path", "fg_cells", "bg_cells", "entropy_fg", "entropy_bg", "iou_magnitude", "iou_frequency"});
  for (std::size_t i = 0; i < entropy.size(); ++i) {
    const auto image = static_cast<std::int64_t>(i);
    text += csv_record({plan.parts.at(0).images->path(image), std::to_string(inside[image].item<std::int64_t>()),
                        std::to_string(outside[image].item<std::int64_t>()), field(entropy[i].foreground),
                        field(entropy[i].background), field(at_fixed(magnitude, of_magnitude, i)),
                        field(at_fixed(frequency, of_frequency, i))});
  }
  return text;
}

// The images at these places: maps [k,g,g] and their cells.
NamedTensors maps_at(const TokenMaps& maps, const std::vector<std::int64_t>& places) {
  const at::Tensor of = at::tensor(places, at::kLong);
  const std::int64_t k = std::ssize(places), grid = maps.grid();
  NamedTensors out;
  for (const auto& [name, channel] :
       {std::pair("entropy", TokenMaps::entropy), std::pair("norm", TokenMaps::norm),
        std::pair("magnitude", TokenMaps::magnitude), std::pair("frequency", TokenMaps::frequency)})
    out.emplace_back(name, maps.values.select(1, channel).index_select(0, of).reshape({k, grid, grid}));
  out.emplace_back("mask", maps.cells.index_select(0, of).reshape({k, grid, grid}));
  return out;
}

std::string path_list(const SuitePlan& plan, const std::vector<std::int64_t>& places) {
  std::string list;
  for (const std::int64_t place : places)
    list += str(list.empty() ? "[" : ", ", json_quote(plan.parts.at(0).images->path(place)));
  return list + "]";
}

// By the gap: the three largest, the three around the median, the three smallest; fewer images, all of them.
std::vector<std::int64_t> chosen_images(const TokenMaps& maps) {
  constexpr std::size_t each = 3;
  const std::vector<Sides> sides = sides_of(maps, TokenMaps::entropy);
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < sides.size(); ++i)
    if (sides[i].both()) order.push_back(static_cast<std::int64_t>(i));
  const auto gap = [&](std::int64_t i) {
    const Sides& of = sides[static_cast<std::size_t>(i)];
    return *of.background - *of.foreground;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return gap(a) > gap(b); });
  const std::size_t n = order.size();
  if (n <= 3 * each) return order;
  std::vector<std::int64_t> chosen(order.begin(), order.begin() + each);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>((n - each) / 2);
  chosen.insert(chosen.end(), middle, middle + each);
  chosen.insert(chosen.end(), order.end() - each, order.end());
  return chosen;
}

// As the model sees them: uint8 [k,S,S,3].
at::Tensor pictures_at(const SuitePlan& plan, const std::vector<std::int64_t>& places) {
  const SuiteImages& images = *plan.parts.at(0).images;
  const std::int64_t side = plan.view.crop;
  const at::Tensor all = at::empty({std::ssize(places), side, side, 3}, at::kByte);
  std::vector<std::uint8_t> buffer;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Image image = evaluation_view(images.image(places[i], buffer), plan.view.resize, side, plan.view.filter,
                                        images.name(places[i]));
    std::copy(image.pixels.begin(), image.pixels.end(),
              all[static_cast<std::int64_t>(i)].mutable_data_ptr<std::uint8_t>());
  }
  return all;
}

}  // namespace

void write_analysis(const fs::path& folder, const SuitePlan& plan, const TokenMaps& maps) {
  const std::string& name = plan.options.name;
  file_layer().make_folder(folder);
  write_durably(folder / (name + ".csv"), lines_of(plan, maps));
  // What an evaluation of other weights left there is not taken for this one's.
  for (const char* kind : {".panels.safetensors", ".safetensors", ".filtering.csv"})
    file_layer().remove_all(folder / (name + kind));
  if (const std::vector<std::int64_t> chosen = chosen_images(maps); !chosen.empty()) {
    NamedTensors panels = maps_at(maps, chosen);
    panels.emplace_back("image", pictures_at(plan, chosen));
    write_safetensors(folder / (name + ".panels.safetensors"), panels, {{"paths", path_list(plan, chosen)}});
  }
  if (!plan.options.maps) return;
  std::vector<std::int64_t> all(static_cast<std::size_t>(maps.images()));
  std::iota(all.begin(), all.end(), 0);
  write_safetensors(folder / (name + ".safetensors"), maps_at(maps, all), {{"paths", path_list(plan, all)}});
}

}  // namespace luvit
