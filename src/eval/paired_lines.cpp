#include "paired_lines.h"

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

struct OwnedLine {
  std::string path;
  std::int64_t label, choice;
  double confidence;
  PredictionLine view() const { return {path, label, choice, confidence}; }
};

void visit(const PredictionLine& a, const PredictionLine& b, const fs::path& file_a, const fs::path& file_b,
           const PairVisitor& visitor) {
  if (a.label != b.label)
    throw DataError(
        str(escape(a.path), " has label ", a.label, " in ", file_a.string(), " and ", b.label, " in ", file_b.string()),
        "the two runs read the data set by different class maps");
  visitor(a, b);
}

// false: the files are not in the same, ascending order, and some pairs may have been visited.
bool visit_in_step(const fs::path& file_a, const fs::path& file_b, const PairVisitor& visitor) {
  PredictionReader read_a(file_a), read_b(file_b);
  PredictionLine a, b;
  std::string before;
  bool first = true;
  while (true) {
    const bool more_a = read_a.next(a), more_b = read_b.next(b);
    if (!more_a && !more_b) return true;
    if (more_a != more_b || a.path != b.path || (!first && a.path <= before)) return false;
    visit(a, b, file_a, file_b, visitor);
    before = a.path;
    first = false;
  }
}

std::vector<OwnedLine> sorted_lines(const fs::path& file) {
  PredictionReader reader(file);
  std::vector<OwnedLine> lines;
  for (PredictionLine line; reader.next(line);)
    lines.push_back({std::string(line.path), line.label, line.choice, line.confidence});
  std::sort(lines.begin(), lines.end(), [](const OwnedLine& x, const OwnedLine& y) { return x.path < y.path; });
  const auto twice = std::adjacent_find(lines.begin(), lines.end(),
                                        [](const OwnedLine& x, const OwnedLine& y) { return x.path == y.path; });
  if (twice != lines.end()) throw DataError(str(file.string(), ": ", escape(twice->path), " stands there twice"));
  return lines;
}

void require_same_images(const std::vector<OwnedLine>& a, const std::vector<OwnedLine>& b, const fs::path& file_a,
                         const fs::path& file_b) {
  const auto by_path = [](const OwnedLine& x, const OwnedLine& y) { return x.path < y.path; };
  std::vector<OwnedLine> only_a, only_b;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only_a), by_path);
  std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(only_b), by_path);
  if (only_a.empty() && only_b.empty()) return;
  const bool first = !only_a.empty();
  throw DataError(str(file_a.string(), " and ", file_b.string(), " are of different images: ", only_a.size(),
                      " only in the first, ", only_b.size(), " only in the second, for example ",
                      escape((first ? only_a : only_b).front().path)),
                  "compare runs over the same data, with the same subset of corruptions and severities");
}

}  // namespace

void visit_pairs(const fs::path& file_a, const fs::path& file_b, const std::function<PairVisitor()>& restart) {
  if (visit_in_step(file_a, file_b, restart())) return;
  const std::vector<OwnedLine> a = sorted_lines(file_a), b = sorted_lines(file_b);
  require_same_images(a, b, file_a, file_b);
  const PairVisitor visitor = restart();
  for (std::size_t i = 0; i < a.size(); ++i) visit(a[i].view(), b[i].view(), file_a, file_b, visitor);
}

}  // namespace luvit
