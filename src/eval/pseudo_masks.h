#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "token_maps.h"

namespace luvit {

// Masks cut out of a map by a threshold, held against the true ones: Pang et al.'s pseudo-masks (their appendix A.5;
// LUViT's Table 7). Maps are brought to 0…1 image by image, a cell is in where its value is above the threshold (of a
// constant map none is), and cells to be ignored count for neither side.
class PseudoMasks {
 public:
  static constexpr std::int64_t thresholds = 99;  // 0.01, 0.02, … 0.99
  static double threshold(std::int64_t place) { return static_cast<double>(place + 1) / 100; }

  PseudoMasks(const TokenMaps& maps, TokenMaps::Channel channel);

  // An image's intersection over union at each threshold; nullopt where it has no foreground cell.
  using Curve = std::array<double, thresholds>;
  const std::vector<std::optional<Curve>>& curves() const { return curves_; }

  // The place of the threshold with the best mean over the images of that parity of place (0: the first, third, …), or
  // over all (-1); of equals the lowest. nullopt where none of them has a foreground cell.
  std::optional<std::int64_t> best(int parity) const;
  // The images' values at one threshold, those of a parity, or all; in order, images without foreground left out.
  std::vector<double> at(std::int64_t place, int parity) const;
  // Of each image the best of 0.1, 0.2, … 0.9.
  std::vector<double> oracle() const;

 private:
  std::vector<std::optional<Curve>> curves_;
};

// What a mask that covers everything scores, of the images with a foreground cell: foreground / (foreground +
// background); of a parity of places, or all (-1).
std::vector<double> all_foreground(const TokenMaps& maps, int parity);

}  // namespace luvit
