#include "source_paths.h"

#include <glob.h>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

constexpr std::size_t most_paths = 1'000'000;  // a slip like {0..999999999} must not fill the memory

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// "000..127" → "000", "001", …; nothing if it is no range.
std::vector<std::string> number_range(const std::string& body) {
  const auto dots = body.find("..");
  if (dots == std::string::npos) return {};
  const std::string first = body.substr(0, dots), last = body.substr(dots + 2);
  if (!all_digits(first) || !all_digits(last) || first.size() > 12 || last.size() > 12) return {};
  const long long low = std::stoll(first), high = std::stoll(last);
  const bool padded = (first.size() > 1 && first[0] == '0') || (last.size() > 1 && last[0] == '0');
  const std::size_t width = padded ? std::max(first.size(), last.size()) : 0;
  const long long step = low <= high ? 1 : -1;
  if (static_cast<std::size_t>(std::abs(high - low)) >= most_paths) {
    throw DataError(str("data: the range {", body, "} names more than ", most_paths, " paths"));
  }
  std::vector<std::string> numbers;
  for (long long n = low;; n += step) {
    std::string digits = std::to_string(n);
    if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
    numbers.push_back(std::move(digits));
    if (n == high) break;
  }
  return numbers;
}

struct BracePair {
  std::size_t open, close;
  std::vector<std::string> choices;
};

// The part of `text` between its brace at `open` and the one that closes it, cut at the commas of that level.
std::optional<BracePair> brace_at(const std::string& text, std::size_t open) {
  int depth = 0;
  std::size_t start = open + 1;
  BracePair pair{open, 0, {}};
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == ',' && depth == 1) {
      pair.choices.push_back(text.substr(start, i - start));
      start = i + 1;
    }
    if (text[i] != '}' || --depth > 0) continue;
    pair.close = i;
    if (pair.choices.empty()) {
      pair.choices = number_range(text.substr(start, i - start));
    } else {
      pair.choices.push_back(text.substr(start, i - start));
    }
    return pair;
  }
  return std::nullopt;
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::vector<std::string> expand_glob(const std::string& pattern) {
  glob_t found{};
  const int status = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> paths;
  for (std::size_t i = 0; status == 0 && i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  globfree(&found);
  if (paths.empty()) {
    throw DataError(str("data: no file or folder matches ", pattern), "check the path; a glob is * ? or [abc]");
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::vector<std::string> expand_braces(const std::string& text) {
  for (auto open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    const auto pair = brace_at(text, open);
    if (!pair || pair->choices.empty()) continue;
    const std::string before = text.substr(0, open), after = text.substr(pair->close + 1);
    std::vector<std::string> expanded;
    for (const auto& choice : pair->choices) {
      for (auto& rest : expand_braces(choice + after)) expanded.push_back(before + rest);
      if (expanded.size() > most_paths) {
        throw DataError(str("data: ", text, " names more than ", most_paths, " paths"));
      }
    }
    return expanded;
  }
  return {text};
}

std::vector<std::string> expand_source(const std::string& source) {
  if (source.empty()) throw DataError("data: an empty path", "name a folder of images, or tar shards");
  if (exists(source)) return {source};
  std::vector<std::string> paths;
  for (auto& path : expand_braces(source)) {
    if (!exists(path) && path.find_first_of("*?[") != std::string::npos) {
      for (auto& match : expand_glob(path)) paths.push_back(std::move(match));
    } else {
      paths.push_back(std::move(path));
    }
  }
  return paths;
}

}  // namespace luvit
