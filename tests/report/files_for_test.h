#pragma once
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "temporary_folder.h"

namespace luvit {

inline void write_text(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline std::size_t times(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

// What is not well-formed in a page or drawing: "" if every tag is closed in order, attributes are quoted, and no '<'
// or '&' stands loose.
inline std::string ill_formed(std::string_view text) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest[0] == '&') {
      const std::size_t end = rest.find(';');
      if (end == std::string_view::npos || end > 8) return "loose & at: " + std::string(rest.substr(0, 40));
    }
    if (rest.starts_with("<style>")) {  // CSS, no markup
      at += rest.find("</style>") + 8;
      continue;
    }
    if (rest[0] != '<') {
      ++at;
      continue;
    }
    std::size_t end = 1;
    for (bool quoted = false; end < rest.size() && (quoted || rest[end] != '>'); ++end) {
      if (rest[end] == '"') quoted = !quoted;
      if (quoted && rest[end] == '<') return "< in an attribute: " + std::string(rest.substr(0, 40));
    }
    if (end == rest.size()) return "a tag that does not end: " + std::string(rest.substr(0, 40));
    const std::string_view tag = rest.substr(1, end - 1);
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "closes nothing: " + std::string(rest.substr(0, 40));
      open.pop_back();
    } else if (tag[0] != '!' && tag.back() != '/') {
      open.emplace_back(tag.substr(0, tag.find_first_of(" \n")));
    }
    at += end + 1;
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

}  // namespace luvit
