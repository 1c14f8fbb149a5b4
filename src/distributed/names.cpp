#include "names.h"

#include "luvit/core/text.h"

namespace luvit {

std::string rank_names(const std::vector<std::int64_t>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (i > 0) text += i + 1 == ranks.size() ? " and " : ", ";
    text += std::to_string(ranks[i]);
  }
  return text;
}

std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return escape(text.substr(0, text.find('\n')));
}

}  // namespace luvit
