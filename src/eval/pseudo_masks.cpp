#include "pseudo_masks.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "mask_cells.h"

namespace luvit {
namespace {

// How many thresholds lie below a value.
std::int64_t passed(double value) {
  std::int64_t low = 0, high = PseudoMasks::thresholds;
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (value > PseudoMasks::threshold(middle))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

std::optional<PseudoMasks::Curve> curve_of(const float* map, const std::uint8_t* cells, std::int64_t n) {
  const auto [least, most] = std::minmax_element(map, map + n);
  const double low = static_cast<double>(*least), span = static_cast<double>(*most) - low;
  // Cells that pass so many thresholds, of foreground and of background.
  std::array<std::int64_t, PseudoMasks::thresholds + 1> inside{}, outside{};
  std::int64_t foreground_cells = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (cells[i] == ignored) continue;
    const double value = span > 0 ? (static_cast<double>(map[i]) - low) / span : 0;
    const auto place = static_cast<std::size_t>(passed(value));
    if (cells[i] == foreground) {
      ++foreground_cells;
      ++inside[place];
    } else {
      ++outside[place];
    }
  }
  if (foreground_cells == 0) return std::nullopt;
  PseudoMasks::Curve curve{};
  std::int64_t hit = 0, missed = 0;  // above the threshold, from the highest one down
  for (auto k = static_cast<std::size_t>(PseudoMasks::thresholds); k-- > 0;) {
    hit += inside[k + 1];
    missed += outside[k + 1];
    curve[k] = static_cast<double>(hit) / static_cast<double>(foreground_cells + missed);
  }
  return curve;
}

bool belongs(std::size_t image, int parity) {
  return parity < 0 || image % 2 == static_cast<std::size_t>(parity);
}

}  // namespace

PseudoMasks::PseudoMasks(const TokenMaps& maps, TokenMaps::Channel channel) {
  const at::Tensor values = maps.values.select(1, channel).contiguous();
  const std::int64_t patches = values.size(1);
  for (std::int64_t i = 0; i < maps.images(); ++i)
    curves_.push_back(curve_of(values.const_data_ptr<float>() + i * patches,
                               maps.cells.const_data_ptr<std::uint8_t>() + i * patches, patches));
}

std::optional<std::int64_t> PseudoMasks::best(int parity) const {
  Curve sums{};
  bool any = false;
  for (std::size_t i = 0; i < curves_.size(); ++i) {
    if (!belongs(i, parity) || !curves_[i]) continue;
    any = true;
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += (*curves_[i])[k];
  }
  if (!any) return std::nullopt;
  return std::max_element(sums.begin(), sums.end()) - sums.begin();
}

std::vector<double> PseudoMasks::at(std::int64_t place, int parity) const {
  std::vector<double> found;
  for (std::size_t i = 0; i < curves_.size(); ++i)
    if (belongs(i, parity) && curves_[i]) found.push_back((*curves_[i])[static_cast<std::size_t>(place)]);
  return found;
}

std::vector<double> PseudoMasks::oracle() const {
  std::vector<double> found;
  for (const auto& curve : curves_) {
    if (!curve) continue;
    double best_value = 0;
    for (std::size_t k = 9; k < curve->size(); k += 10) best_value = std::max(best_value, (*curve)[k]);
    found.push_back(best_value);
  }
  return found;
}

std::vector<double> all_foreground(const TokenMaps& maps, int parity) {
  const at::Tensor inside = maps.cells.eq(foreground).sum(1), counted = maps.cells.ne(ignored).sum(1);
  std::vector<double> found;
  for (std::int64_t i = 0; i < maps.images(); ++i) {
    const auto cells = static_cast<double>(inside[i].item<std::int64_t>());
    if (!belongs(static_cast<std::size_t>(i), parity) || cells == 0) continue;
    found.push_back(cells / static_cast<double>(counted[i].item<std::int64_t>()));
  }
  return found;
}

}  // namespace luvit
