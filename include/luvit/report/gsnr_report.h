#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "luvit/core/files.h"
#include "luvit/report/figure.h"

namespace luvit {

// What a measurement of gradient signal-to-noise ratios found, for a page.
struct GsnrReport {
  struct Value {  // NaN: none
    double value = std::numeric_limits<double>::quiet_NaN();
    double low = std::numeric_limits<double>::quiet_NaN(), high = std::numeric_limits<double>::quiet_NaN();
  };
  struct Layer {
    std::string name;  // "all": the model
    std::int64_t n = 0, left_out = 0;
    Value ratio, mean;
    double median = 0, p95 = 0, share_positive = 0;
  };
  struct Point {  // weights
    std::string run;
    double step = std::numeric_limits<double>::quiet_NaN();
    double loss = 0;
    std::vector<Layer> layers;
  };
  struct Difference {
    std::string layer;
    double first = 0, second = 0;
    Value difference;
  };
  struct Comparison {
    std::string first, second;
    std::vector<Difference> rows;
  };
  double samples = 0;  // N of a probe set
  std::vector<std::pair<std::string, std::string>> settings = {};
  std::vector<Point> points = {};  // run by run, oldest first
  std::vector<Comparison> comparisons = {};
  std::vector<Figure> logged = {};  // what runs wrote down while they trained
};

// FOLDER/report.html with, in FOLDER/figures, the profile over the layers and, where a run has several checkpoints, its
// course: a map of layers by steps and a curve for each layer.
void write_gsnr_report(const fs::path& folder, const GsnrReport& report);

}  // namespace luvit
