#pragma once
#include <cstdint>
#include <vector>

#include "luvit/optim/parameter_groups.h"

namespace luvit {

// Elements first … first+count of one parameter, flattened.
struct Piece {
  std::size_t group = 0, parameter = 0;
  std::int64_t first = 0, count = 0;
};

// The elements of all parameters, one after another, cut into `parts` of about equal length; these are part `part`'s.
// Inside a parameter a cut is at a multiple of 64, so that vector units find the same elements together as without it.
std::vector<Piece> pieces_of_part(const std::vector<ParameterGroup>& groups, std::int64_t part, std::int64_t parts);

}  // namespace luvit
