#include "luvit/report/analysed_images.h"

#include <algorithm>

#include "luvit/core/text.h"
#include "luvit/io/csv.h"

namespace luvit {

std::vector<AnalysedImage> read_analysed_images(const fs::path& file) {
  CsvReader csv(file);
  const auto real = [&](const char* name) {
    const std::size_t column = csv.column(name);
    return csv[column].empty() ? std::nan("") : csv.real(column);
  };
  const std::size_t path = csv.column("path");
  std::vector<AnalysedImage> images;
  while (csv.next())
    images.push_back({std::string(csv[path]), real("fg_cells"), real("bg_cells"), real("entropy_fg"),
                      real("entropy_bg"), real("iou_magnitude"), real("iou_frequency")});
  std::sort(images.begin(), images.end(), [](const auto& x, const auto& y) { return x.path < y.path; });
  return images;
}

std::optional<std::string> not_the_same_images(const std::vector<AnalysedImage>& a,
                                               const std::vector<AnalysedImage>& b) {
  if (a.size() != b.size()) return str("the first has ", a.size(), " images, the second ", b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].path != b[i].path)
      return str("image ", escape(std::min(a[i].path, b[i].path)), " is in the ",
                 a[i].path < b[i].path ? "first" : "second", " only");
    if (a[i].fg_cells != b[i].fg_cells || a[i].bg_cells != b[i].bg_cells)
      return str("image ", escape(a[i].path), " has ", a[i].fg_cells, " foreground and ", a[i].bg_cells,
                 " background cells in the first, ", b[i].fg_cells, " and ", b[i].bg_cells,
                 " in the second: other masks, crops or patches");
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, MeanPairs>> paired_token_means(const std::vector<AnalysedImage>& a,
                                                                  const std::vector<AnalysedImage>& b,
                                                                  const BootstrapOptions& bootstrap) {
  std::vector<std::pair<double, double>> gaps, magnitudes, frequencies;
  for (std::size_t i = 0; i < a.size(); ++i) {
    gaps.emplace_back(a[i].gap(), b[i].gap());
    if (i % 2 == 0) continue;
    magnitudes.emplace_back(a[i].iou_magnitude, b[i].iou_magnitude);
    frequencies.emplace_back(a[i].iou_frequency, b[i].iou_frequency);
  }
  return {{"gap", mean_pairs(gaps, bootstrap)},
          {"iou_magnitude", mean_pairs(magnitudes, bootstrap)},
          {"iou_frequency", mean_pairs(frequencies, bootstrap)}};
}

}  // namespace luvit
