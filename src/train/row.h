#pragma once
#include "luvit/core/text.h"

namespace luvit {

// A line of what a dry run prints.
inline std::string row(const std::string& label, const std::string& value) {
  return str("  ", label, std::string(label.size() < 20 ? 20 - label.size() : 1, ' '), value, "\n");
}

}  // namespace luvit
