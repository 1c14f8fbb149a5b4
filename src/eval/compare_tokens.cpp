#include "compare_tokens.h"

#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/csv.h"
#include "pair_count.h"

namespace luvit {
namespace {

struct Line {
  std::string path;
  double fg_cells = 0, bg_cells = 0, gap = 0, iou_magnitude = 0, iou_frequency = 0;  // NaN: none
};

// In the order of their paths: the order in which luvit_eval writes them, and by which halves are told apart.
std::vector<Line> read_lines(const fs::path& file) {
  CsvReader csv(file);
  const auto real = [&](const char* name) {
    const std::size_t column = csv.column(name);
    return csv[column].empty() ? std::nan("") : csv.real(column);
  };
  const std::size_t path = csv.column("path");
  std::vector<Line> lines;
  while (csv.next())
    lines.push_back({std::string(csv[path]), real("fg_cells"), real("bg_cells"),
                     real("entropy_bg") - real("entropy_fg"), real("iou_magnitude"), real("iou_frequency")});
  std::sort(lines.begin(), lines.end(), [](const Line& x, const Line& y) { return x.path < y.path; });
  return lines;
}

void require_same_images(const std::vector<Line>& a, const std::vector<Line>& b, const fs::path& file_a,
                         const fs::path& file_b) {
  if (a.size() != b.size())
    throw DataError(str(file_a.string(), " has ", a.size(), " images, ", file_b.string(), " ", b.size()),
                    "both models must have looked at the same images");
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool of_a = a[i].path < b[i].path;
    if (a[i].path != b[i].path)
      throw DataError(
          str("image ", escape((of_a ? a : b)[i].path), " is in ", (of_a ? file_a : file_b).string(), " only"),
          "both models must have looked at the same images");
    if (a[i].fg_cells != b[i].fg_cells || a[i].bg_cells != b[i].bg_cells)
      throw DataError(str("image ", escape(a[i].path), " has ", a[i].fg_cells, " foreground and ", a[i].bg_cells,
                          " background cells in ", file_a.string(), ", ", b[i].fg_cells, " and ", b[i].bg_cells, " in ",
                          file_b.string()),
                      "masks, crops and patches must be the same for both models");
  }
}

// Of the pairs that both have a value for.
MeanPairs means_of(const std::vector<std::pair<double, double>>& values, const BootstrapOptions& bootstrap) {
  MeanPairs out;
  std::vector<Cluster> differences;
  for (const auto& [a, b] : values) {
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    ++out.n;
    out.a += a;
    out.b += b;
    out.a_higher += a > b;
    out.b_higher += b > a;
    differences.push_back({b - a, 1});
  }
  if (out.n == 0) return out;
  out.a /= static_cast<double>(out.n);
  out.b /= static_cast<double>(out.n);
  out.interval95 = bootstrap_interval(std::move(differences), bootstrap);
  out.sign_p = mcnemar_p(out.a_higher, out.b_higher);
  return out;
}

// Images whose background lies above the object, among those that both models tell it of.
Pairs shares_of(const std::vector<Line>& a, const std::vector<Line>& b, const BootstrapOptions& bootstrap) {
  PairCount count;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::isfinite(a[i].gap) && std::isfinite(b[i].gap)) count.add(a[i].gap > 0, b[i].gap > 0);
  return pairs_of(count, bootstrap);
}

}  // namespace

SuitePairs compare_tokens(const std::string& suite, const fs::path& file_a, const fs::path& file_b,
                          const BootstrapOptions& bootstrap) {
  const std::vector<Line> a = read_lines(file_a), b = read_lines(file_b);
  require_same_images(a, b, file_a, file_b);
  SuitePairs pairs;
  pairs.name = suite;
  pairs.metric = "share_bg_above_fg";
  pairs.all = shares_of(a, b, bootstrap);
  const auto add = [&](const char* name, double Line::*value, bool measured_only) {
    std::vector<std::pair<double, double>> values;
    for (std::size_t i = measured_only ? 1 : 0; i < a.size(); i += measured_only ? 2 : 1)
      values.emplace_back(a[i].*value, b[i].*value);
    pairs.means.emplace_back(name, means_of(values, bootstrap));
  };
  add("gap", &Line::gap, false);
  add("iou_magnitude", &Line::iou_magnitude, true);
  add("iou_frequency", &Line::iou_frequency, true);
  return pairs;
}

}  // namespace luvit
