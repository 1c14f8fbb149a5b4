#include "luvit/optim/partition.h"

#include <ATen/core/Tensor.h>

namespace luvit {

namespace {

constexpr std::int64_t grain = 64;

// Where the elements below the `cut`-th of all end in a parameter whose elements begin at `before`.
std::int64_t inside(std::int64_t cut, std::int64_t before, std::int64_t count) {
  const std::int64_t here = cut - before;
  if (here >= count) return count;
  return here <= 0 ? 0 : here / grain * grain;
}

}  // namespace

std::vector<Piece> pieces_of_part(const std::vector<ParameterGroup>& groups, std::int64_t part, std::int64_t parts) {
  std::int64_t total = 0;
  for (const auto& group : groups)
    for (const auto& parameter : group.parameters) total += parameter.tensor->numel();
  const std::int64_t low = total * part / parts, high = total * (part + 1) / parts;
  std::vector<Piece> pieces;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < groups.size(); ++i)
    for (std::size_t j = 0; j < groups[i].parameters.size(); ++j) {
      const std::int64_t count = groups[i].parameters[j].tensor->numel();
      const std::int64_t first = inside(low, before, count), last = inside(high, before, count);
      if (last > first) pieces.push_back({i, j, first, last - first});
      before += count;
    }
  return pieces;
}

}  // namespace luvit
