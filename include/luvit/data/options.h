#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace luvit {

struct DataOptions {
  std::vector<std::string> train;  // folders or tar shards (globs, braces)
  std::vector<std::string> val;
  std::int64_t workers = 0;  // 0: one a core, less one, at least one
  std::int64_t max_bad = 0;
  std::vector<double> mean = {0.485, 0.456, 0.406};
  std::vector<double> std = {0.229, 0.224, 0.225};
};

struct CropOptions {
  std::vector<double> crop_scale = {0.2, 1.0};
  double flip = 0.5;
};

}  // namespace luvit
