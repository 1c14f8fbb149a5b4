#pragma once
#include <optional>
#include <string>
#include <vector>

#include "luvit/data/image.h"
#include "luvit/report/analysed_images.h"
#include "results.h"

namespace luvit {

// An imagenet_s suite of one model, as its run left it in results.json and analysis/.

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
