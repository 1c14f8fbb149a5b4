#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace luvit {

// Decimal numbers only: no octal or hexadecimal, no underscores, no leading zeros, nothing after the last digit.
// nullopt where the text is not such a number or does not fit the type.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<std::uint64_t> parse_unsigned(std::string_view text);
std::optional<double> parse_real(std::string_view text);  // "3", "0.5", ".5", "1e-3"; finite

// Whether a person meant it as a number, in whatever notation: "010", "0x10", "1_000", "1e400".
bool resembles_number(std::string_view text);

}  // namespace luvit
