#pragma once
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace luvit {

// str("step ", 3, " of ", 8) == "step 3 of 8"
template <typename... Parts>
std::string str(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// Control characters and broken UTF-8 as \xNN, so that a file's bytes cannot drive a terminal.
std::string escape(std::string_view text);

// A JSON string literal, quotes included; broken UTF-8 becomes U+FFFD. (The core-only build has no JSON library.)
std::string json_quote(std::string_view text);

// Shortest decimal form that reads back as the same double; "null" for a non-finite one is the caller's choice.
std::string exact(double value);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The candidate nearest to `name` by edit distance, or "" when none is near (more than a third of its letters differ).
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

std::string human_bytes(double bytes);      // "405 MB"
std::string human_count(double count);      // "93.12 M"
std::string human_seconds(double seconds);  // "1d 03:12:05", "04:10"

}  // namespace luvit
