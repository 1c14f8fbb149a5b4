#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace luvit {

using Rgb = std::array<std::uint8_t, 3>;

// 0..1 (cut off beyond) as dark violet over green to yellow: brightness rises all the way, so that a map also reads in
// grey and by the colour-blind. Ten points of matplotlib's viridis (CC0), straight lines between them.
Rgb viridis(double share);

std::string hex(const Rgb& colour);  // "#440154"
// Whether white text reads better on it than black text does (WCAG's contrast).
bool takes_white_text(const Rgb& colour);

}  // namespace luvit
