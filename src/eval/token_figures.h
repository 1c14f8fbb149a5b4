#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pseudo_masks.h"

namespace luvit {

// A map's mean over an image's foreground and over its background cells, where it has any.
struct Sides {
  std::optional<double> foreground, background;
  bool both() const { return foreground && background; }
};
std::vector<Sides> sides_of(const TokenMaps& maps, std::int64_t channel);

// What results.json says of an imagenet_s suite (CONTRACTS, "luvit_eval"; docs/analysis.md names every key).
nlohmann::ordered_json token_results(const SuitePlan& plan, const TokenMaps& maps);

// analysis/NAME.csv, a line an image in the byte order of paths; with all maps, analysis/NAME.safetensors too. And, for
// the report, analysis/NAME.panels.safetensors: pictures and maps of a few images that a rule chooses by the gap
// between background and foreground entropy: the largest, those around the median and the smallest ones. Durable.
void write_analysis(const fs::path& folder, const SuitePlan& plan, const TokenMaps& maps);

}  // namespace luvit
