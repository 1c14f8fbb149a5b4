#pragma once
#include <cstdint>
#include <string>

#include "luvit/statistics/intervals.h"

namespace luvit {

inline constexpr const char* no_value = "–";

// With so many decimals and a true minus sign; never "−0".
std::string decimal(double value, int decimals);
std::string count_text(std::int64_t count);  // "50,000"
// "83.66" of a share, with no more decimals than `n` images can tell apart.
std::string percent_text(double share, std::int64_t n);
std::string points_text(double difference, std::int64_t n);           // the same with a sign: "+2.1"
std::string interval_text(const Interval& interval, std::int64_t n);  // "83.33–83.98"
std::string number_text(double value);  // at most four significant digits, or the whole number

}  // namespace luvit
