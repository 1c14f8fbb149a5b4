#pragma once
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "luvit/core/files.h"
#include "luvit/statistics/paired.h"

namespace luvit {

// A line of an evaluation's analysis/NAME.csv: what an imagenet_s suite measured on one image; NaN for an empty field.
struct AnalysedImage {
  std::string path;
  double fg_cells = 0, bg_cells = 0, entropy_fg = 0, entropy_bg = 0, iou_magnitude = 0, iou_frequency = 0;

  bool used() const { return std::isfinite(entropy_fg) && std::isfinite(entropy_bg); }  // it has cells of both kinds
  double gap() const { return entropy_bg - entropy_fg; }
  double area() const { return fg_cells / (fg_cells + bg_cells); }
};
// In the order of their paths, as they are written, and by which the halves are told apart. DataError for a torn file.
std::vector<AnalysedImage> read_analysed_images(const fs::path& file);

// Why two models' images cannot be paired: another image, or other masks; nullopt where they can.
std::optional<std::string> not_the_same_images(const std::vector<AnalysedImage>& a,
                                               const std::vector<AnalysedImage>& b);

// Two models image by image: "gap" on the images that both used, "iou_magnitude" and "iou_frequency" on those that both
// measured, every second image: those that no threshold was chosen on.
std::vector<std::pair<std::string, MeanPairs>> paired_token_means(const std::vector<AnalysedImage>& a,
                                                                  const std::vector<AnalysedImage>& b,
                                                                  const BootstrapOptions& bootstrap = {});

}  // namespace luvit
