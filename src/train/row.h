#pragma once
#include <cstdio>

#include "luvit/core/text.h"

namespace luvit {

// A line of what a dry run prints.
inline std::string row(const std::string& label, const std::string& value) {
  return str("  ", label, std::string(label.size() < 20 ? 20 - label.size() : 1, ' '), value, "\n");
}

// "1 epoch", "2.5 epochs"
inline std::string counted(double count, const std::string& unit) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", count);
  return str(text, " ", unit, count == 1 ? "" : "s");
}

}  // namespace luvit
