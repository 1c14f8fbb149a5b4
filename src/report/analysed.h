#pragma once
#include <optional>
#include <string>
#include <vector>

#include "luvit/data/image.h"
#include "results.h"

namespace luvit {

// An imagenet_s suite of one model, as its run left it in results.json and analysis/.

// A line of analysis/NAME.csv; NaN for an empty field.
struct AnalysedImage {
  std::string path;
  double fg_cells = 0, bg_cells = 0, entropy_fg = 0, entropy_bg = 0, iou_magnitude = 0, iou_frequency = 0;

  bool used() const;  // it has cells of both kinds
  double gap() const { return entropy_bg - entropy_fg; }
  double area() const { return fg_cells / (fg_cells + bg_cells); }
};

struct AnalysedSuite {
  std::string model;  // what it is called
  SuiteResult result;
  fs::path folder;                    // analysis/
  std::vector<AnalysedImage> images;  // empty where the file is missing
};
AnalysedSuite read_analysed(const std::string& model, const SuiteResult& result, const fs::path& run_folder);

// Maps of some of its images, from analysis/NAME.safetensors or NAME.panels.safetensors.
struct ImageMaps {
  std::int64_t grid = 0;
  std::vector<float> entropy, norm;  // [grid²], row by row
  std::vector<std::uint8_t> mask;
};
struct PanelImage {
  std::string path;
  Image picture;  // as the model sees it
  ImageMaps maps;
};
// Those of the panels file, in its order: chosen by their gap. Empty where there is none.
std::vector<PanelImage> read_panels(const AnalysedSuite& suite);
// One image's maps, from either file; nullopt where they were not kept (maps: false).
std::optional<ImageMaps> read_maps(const AnalysedSuite& suite, const std::string& path);

}  // namespace luvit
