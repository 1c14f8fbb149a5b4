#include "correct.h"

#include <array>

#include "class_tables.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

CorrectAnswer::CorrectAnswer(const std::string& kind) {
  if (kind == "imagenet9") scoring_.label_of = imagenet9_label_of();
}

bool CorrectAnswer::operator()(const PredictionLine& line) const {
  if (!scoring_.label_of.empty() && line.choice >= std::ssize(scoring_.label_of)) return false;
  return scoring_.right(line.label, line.choice);
}

CorruptedPath parse_corrupted(std::string_view path, const fs::path& file) {
  std::array<std::size_t, 3> slash{};  // the last one first
  std::size_t before = path.size();
  for (std::size_t& place : slash) {
    place = before == 0 ? std::string_view::npos : path.rfind('/', before - 1);
    if (place == std::string_view::npos)
      throw DataError(str(file.string(), ": ", escape(path), " is no path of imagenet_c"),
                      "expected corruption/severity/class/image");
    before = place;
  }
  const std::size_t group = before == 0 ? std::string_view::npos : path.rfind('/', before - 1);
  const std::size_t begin = group == std::string_view::npos ? 0 : group + 1;
  return {path.substr(begin, before - begin), path.substr(slash[1] + 1)};
}

std::string variation_of(std::string_view path) {
  return std::string(path.substr(0, path.find('/')));
}

}  // namespace luvit
