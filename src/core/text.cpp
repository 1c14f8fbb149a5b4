#include "luvit/core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace luvit {
namespace {

// The code point at the start of `text` and its length; length 0 where the bytes are not UTF-8 (overlong forms,
// surrogates and values above U+10FFFF included).
struct CodePoint {
  char32_t value;
  std::size_t length;
};

CodePoint first_code_point(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead > 0xf4 || text.size() < length) return {0, 0};
  char32_t value = lead & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0, 0};
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < least[length] || value > 0x10ffff || surrogate) return {0, 0};
  return {value, length};
}

// C0 and C1 controls, and the invisible ones that reorder a line of text.
bool drives_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

void append_hex(std::string& out, const char* format, unsigned value) {
  char digits[16];
  std::snprintf(digits, sizeof digits, format, value);
  out += digits;
}

// "93.12", "405", "1.20": three digits or two decimals.
std::string short_number(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, value >= 99.995 ? "%.0f" : "%.2f", value);
  return digits;
}

std::string scaled(double value, double step, const std::vector<const char*>& units) {
  std::size_t i = 0;
  while (std::abs(value) >= step * 0.99995 && i + 1 < units.size()) value /= step, ++i;
  std::string number = i == 0 && value == std::floor(value) ? str(static_cast<std::int64_t>(value))
                       : value < 0                          ? "-" + short_number(-value)
                                                            : short_number(value);
  return *units[i] ? number + " " + units[i] : number;
}

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto [value, length] = first_code_point(text);
    std::size_t taken = std::max<std::size_t>(length, 1);
    if (length > 0 && !drives_terminal(value)) {
      out += text.substr(0, taken);
    } else {
      for (char c : text.substr(0, taken)) append_hex(out, "\\x%02x", static_cast<unsigned char>(c));
    }
    text.remove_prefix(taken);
  }
  return out;
}

std::string json_quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    auto [value, length] = first_code_point(text);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    if (value == '"' || value == '\\') {
      out += '\\';
      out += static_cast<char>(value);
    } else if (value == '\n') {
      out += "\\n";
    } else if (value == '\t') {
      out += "\\t";
    } else if (value < 0x20 || value == 0x7f) {
      append_hex(out, "\\u%04x", static_cast<unsigned>(value));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out + '"';
}

std::string exact(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 32> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i) out += separator;
    out += parts[i];
  }
  return out;
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  // A name of megabytes out of a broken file would cost its square.
  if (name.size() > 200) return {};
  std::size_t best = std::max<std::size_t>(name.size() / 3, 1) + 1;
  std::string found;
  for (const auto& candidate : candidates) {
    if (name.size() > 3 && candidate.starts_with(name) && found.empty()) found = candidate;  // --out for --output
    std::size_t distance = edit_distance(name, candidate);
    if (distance < best && distance < name.size()) best = distance, found = candidate;
  }
  return found;
}

std::string human_bytes(double bytes) {
  return scaled(bytes, 1000, {"B", "kB", "MB", "GB", "TB", "PB"});
}
std::string human_count(double count) {
  return scaled(count, 1000, {"", "k", "M", "G", "T", "P"});
}

std::string human_seconds(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  auto total = static_cast<long long>(std::llround(std::min(seconds, 1e15)));
  long long days = total / 86400, hours = total / 3600 % 24, minutes = total / 60 % 60;
  char out[64];
  if (days) {
    std::snprintf(out, sizeof out, "%lldd %02lld:%02lld:%02lld", days, hours, minutes, total % 60);
  } else if (hours) {
    std::snprintf(out, sizeof out, "%02lld:%02lld:%02lld", hours, minutes, total % 60);
  } else {
    std::snprintf(out, sizeof out, "%02lld:%02lld", minutes, total % 60);
  }
  return out;
}

}  // namespace luvit
