#include "luvit/train/gpu.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

constexpr double tera = 1e12, giga = 1e9;

// From NVIDIA's data sheets: dense products (no sparsity) summed in float32, on tensor cores for the 16-bit types and
// without them for float32 (no TF32: the trainer leaves it off). SXM modules where there are several forms.
const std::vector<Gpu>& known_gpus() {
  static const std::vector<Gpu> gpus = {
      {"a100", 312 * tera, 19.5 * tera, 80 * giga},      {"a100-40gb", 312 * tera, 19.5 * tera, 40 * giga},
      {"a40", 149.7 * tera, 37.4 * tera, 48 * giga},     {"a6000", 154.8 * tera, 38.7 * tera, 48 * giga},
      {"rtx4090", 165.2 * tera, 82.6 * tera, 24 * giga}, {"l40s", 362 * tera, 91.6 * tera, 48 * giga},
      {"h100", 989 * tera, 67 * tera, 80 * giga},        {"h100-pcie", 756 * tera, 51 * tera, 80 * giga},
      {"h200", 989 * tera, 67 * tera, 141 * giga},       {"b200", 2250 * tera, 75 * tera, 180 * giga},
  };
  return gpus;
}

}  // namespace

Gpu find_gpu(const std::string& name) {
  std::string wanted = name;
  std::transform(wanted.begin(), wanted.end(), wanted.begin(), [](unsigned char c) { return std::tolower(c); });
  std::vector<std::string> names;
  for (const Gpu& gpu : known_gpus()) {
    if (gpu.name == wanted) return gpu;
    names.push_back(gpu.name);
  }
  throw UsageError(str("--gpu: ", escape(name), " is unknown; known are ", join(names, ", ")),
                   "take the nearest one and scale the hours by the peak speeds");
}

}  // namespace luvit
