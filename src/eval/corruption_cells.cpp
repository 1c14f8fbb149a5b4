#include "corruption_cells.h"

#include <algorithm>
#include <map>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "luvit/corruptions/corruption.h"

namespace luvit {
namespace {

const std::vector<std::string> groups = {"noise", "blur", "weather", "digital", "extra"};

std::vector<std::string> folders_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& path : list_folder(folder))
    if (const std::string name = path.filename().string(); name.front() != '.' && is_folder(path))
      names.push_back(name);
  return names;
}

}  // namespace

const std::vector<std::string>& corruption_order() {
  static const std::vector<std::string> order(corruption_names().begin(), corruption_names().end());
  return order;
}

bool is_corruption(const std::string& name) {
  return std::find(corruption_order().begin(), corruption_order().end(), name) != corruption_order().end();
}

std::vector<CorruptionCell> find_corruption_cells(const std::string& root, std::vector<std::string>& others) {
  std::map<std::string, std::string> found;  // corruption → its folder
  const auto add = [&](const std::string& name, const std::string& folder) {
    const auto [place, fresh] = found.try_emplace(name, folder);
    if (!fresh)
      throw DataError(str(root, ": ", name, " stands there twice, as ", place->second, " and as ", folder),
                      "leave one of them out");
  };
  for (const std::string& name : folders_in(root)) {
    if (is_corruption(name)) {
      add(name, name);
    } else if (std::find(groups.begin(), groups.end(), name) != groups.end()) {
      for (const std::string& below : folders_in(fs::path(root) / name))
        is_corruption(below) ? add(below, name + "/" + below) : others.push_back(name + "/" + below);
    } else {
      others.push_back(name);
    }
  }
  std::vector<CorruptionCell> cells;
  for (const auto& [corruption, folder] : found)
    for (int severity = 1; severity <= 5; ++severity)
      if (const std::string below = str(folder, "/", severity); is_folder(fs::path(root) / below))
        cells.push_back({corruption, severity, below});
  std::sort(cells.begin(), cells.end(), [](const auto& a, const auto& b) { return a.folder < b.folder; });
  return cells;
}

}  // namespace luvit
