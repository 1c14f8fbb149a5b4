#pragma once
#include <string>
#include <vector>

namespace luvit {

// ImageNet-C's names in its benchmark's order: fifteen, then the four extra ones.
const std::vector<std::string>& corruption_order();
bool is_corruption(const std::string& name);
inline constexpr std::size_t benchmark_size = 15;

// One corruption at one severity, as found on disk.
struct CorruptionCell {
  std::string corruption;
  int severity = 1;    // 1..5
  std::string folder;  // below the suite's: "fog/3" or "weather/fog/3"
};
// The cells of a folder laid out as ImageNet-C is distributed, with or without the archives' group folders (noise,
// blur, weather, digital, extra), in the byte order of their folders. `others`: folders of other names, passed over.
// DataError where one corruption stands there twice.
std::vector<CorruptionCell> find_corruption_cells(const std::string& root, std::vector<std::string>& others);

}  // namespace luvit
