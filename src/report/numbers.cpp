#include "numbers.h"

#include <array>
#include <charconv>
#include <cmath>

#include "luvit/core/text.h"

namespace luvit {
namespace {

// 0.01 of a percent is one image of 10,000.
int percent_decimals(std::int64_t n) {
  return n >= 10000 ? 2 : 1;
}

}  // namespace

std::string decimal(double value, int decimals) {
  std::array<char, 400> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed, decimals).ptr;
  const std::string out(digits.data(), end);
  if (out[0] != '-') return out;
  const bool zero = out.find_first_not_of("-0.") == std::string::npos;
  return (zero ? "" : "−") + out.substr(1);
}

std::string count_text(std::int64_t count) {
  std::string digits = std::to_string(std::abs(count));
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return (count < 0 ? "−" : "") + digits;
}

std::string percent_text(double share, std::int64_t n) {
  return std::isfinite(share) ? decimal(100 * share, percent_decimals(n)) : no_value;
}

std::string points_text(double difference, std::int64_t n) {
  return (difference > 0 ? "+" : "") + percent_text(difference, n);
}

std::string interval_text(const Interval& interval, std::int64_t n) {
  return str(percent_text(interval.low, n), "–", percent_text(interval.high, n));
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return no_value;
  if (value == std::floor(value) && std::abs(value) < 1e15) return count_text(static_cast<std::int64_t>(value));
  const double size = std::abs(value);
  if (size < 1e-4 || size >= 1e15) {
    std::array<char, 32> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::scientific, 2).ptr;
    return {digits.data(), end};
  }
  std::string text = decimal(value, std::max(0, 3 - static_cast<int>(std::floor(std::log10(size)))));
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace luvit
