#include "analysed.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/safetensors.h"

namespace luvit {
namespace {

fs::path panels_file(const AnalysedSuite& suite) {
  return suite.folder / (suite.result.name + ".panels.safetensors");
}

std::vector<std::string> paths_of(const SafetensorsFile& file) {
  const auto found = file.metadata().find("paths");
  const auto json = nlohmann::json::parse(found == file.metadata().end() ? "" : found->second, nullptr, false);
  std::vector<std::string> paths;
  if (json.is_array())
    for (const auto& item : json)
      if (item.is_string()) paths.push_back(item.get<std::string>());
  if (paths.empty()) throw DataError(str(file.path(), ": no list of paths in its metadata"));
  return paths;
}

at::Tensor read_of(const SafetensorsFile& file, const char* name, std::int64_t images, at::ScalarType type) {
  const at::Tensor tensor = file.read(name);
  if (tensor.dim() < 3 || tensor.size(0) != images || tensor.size(1) != tensor.size(2) || tensor.scalar_type() != type)
    throw DataError(luvit::str(file.path(), ": ", name, " is ", tensor.sizes(), "; expected a square map of each of ",
                               images, " images"));
  return tensor.contiguous();
}

template <typename Value>
std::vector<Value> values_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  return {flat.const_data_ptr<Value>(), flat.const_data_ptr<Value>() + flat.numel()};
}

ImageMaps maps_at(const SafetensorsFile& file, std::int64_t images, std::int64_t place) {
  const at::Tensor entropy = read_of(file, "entropy", images, at::kFloat);
  return {entropy.size(1), values_of<float>(entropy[place]),
          values_of<float>(read_of(file, "norm", images, at::kFloat)[place]),
          values_of<std::uint8_t>(read_of(file, "mask", images, at::kByte)[place])};
}

}  // namespace

AnalysedSuite read_analysed(const std::string& model, const SuiteResult& result, const fs::path& run_folder) {
  AnalysedSuite suite{model, result, run_folder / "analysis", {}};
  const fs::path file = suite.folder / (result.name + ".csv");
  if (result.name.find('/') != std::string::npos || !path_exists(file)) return suite;
  suite.images = read_analysed_images(file);
  return suite;
}

std::vector<PanelImage> read_panels(const AnalysedSuite& suite) {
  if (!path_exists(panels_file(suite))) return {};
  const SafetensorsFile file(panels_file(suite));
  const std::vector<std::string> paths = paths_of(file);
  const std::int64_t n = std::ssize(paths);
  const at::Tensor pictures = read_of(file, "image", n, at::kByte);
  if (pictures.dim() != 4 || pictures.size(3) != 3) throw DataError(str(file.path(), ": image is no RGB picture"));
  std::vector<PanelImage> panels;
  for (std::int64_t i = 0; i < n; ++i)
    panels.push_back({paths[static_cast<std::size_t>(i)],
                      {pictures.size(1), pictures.size(2), values_of<std::uint8_t>(pictures[i])},
                      maps_at(file, n, i)});
  return panels;
}

std::optional<ImageMaps> read_maps(const AnalysedSuite& suite, const std::string& path) {
  for (const fs::path& name : {suite.folder / (suite.result.name + ".safetensors"), panels_file(suite)}) {
    if (!path_exists(name)) continue;
    const SafetensorsFile file(name);
    const std::vector<std::string> paths = paths_of(file);
    const auto found = std::find(paths.begin(), paths.end(), path);
    if (found != paths.end()) return maps_at(file, std::ssize(paths), found - paths.begin());
  }
  return std::nullopt;
}

}  // namespace luvit
