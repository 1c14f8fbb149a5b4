#include "numbers.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace luvit {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return text;
}

bool has_leading_zero(std::string_view digits) {
  return digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]);
}

template <typename Number>
std::optional<Number> convert(std::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_whole(std::string_view text) {
  std::string_view digits = without_sign(text);
  return !digits.empty() && std::all_of(digits.begin(), digits.end(), is_digit) && !has_leading_zero(digits);
}

// digits[.digits][e[sign]digits], with digits on one side of the point at least
bool is_real(std::string_view text) {
  std::string_view rest = without_sign(text);
  if (has_leading_zero(rest)) return false;
  auto take_digits = [&rest] {
    std::size_t n = 0;
    while (n < rest.size() && is_digit(rest[n])) ++n;
    rest.remove_prefix(n);
    return n;
  };
  std::size_t digits = take_digits();
  if (!rest.empty() && rest[0] == '.') {
    rest.remove_prefix(1);
    digits += take_digits();
  }
  if (digits == 0) return false;
  if (rest.empty()) return true;
  if (rest[0] != 'e' && rest[0] != 'E') return false;
  rest = without_sign(rest.substr(1));
  return take_digits() > 0 && rest.empty();
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  return is_whole(text) ? convert<std::int64_t>(text) : std::nullopt;
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  return is_whole(text) ? convert<std::uint64_t>(text) : std::nullopt;
}

std::optional<double> parse_real(std::string_view text) {
  if (!is_real(text)) return std::nullopt;
  auto value = convert<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

bool resembles_number(std::string_view text) {
  std::string_view rest = without_sign(text);
  return !rest.empty() && is_digit(rest[0]) && std::all_of(rest.begin(), rest.end(), [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == 'x' || c == 'o' || c == '-' ||
           c == '+';
  });
}

}  // namespace luvit
