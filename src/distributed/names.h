#pragma once
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace luvit {

std::string rank_names(const std::vector<std::int64_t>& ranks);  // "rank 3", "ranks 1, 2 and 5"
std::string first_line(const std::exception& error);             // torch's messages go on with their origin

}  // namespace luvit
