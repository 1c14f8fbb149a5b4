// What is in the file system: the standard's functions, with the project's errors instead of theirs.
#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "system_error.h"

namespace luvit {
namespace {

fs::file_status status_of(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error && status.type() != fs::file_type::not_found) throw read_error(path, error.value());
  return status;
}

}  // namespace

bool path_exists(const fs::path& path) {
  return fs::exists(status_of(path));
}

bool is_folder(const fs::path& path) {
  return fs::is_directory(status_of(path));
}

std::vector<fs::path> list_folder(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::directory_iterator next(folder, error);
  while (!error && next != fs::directory_iterator()) {
    found.push_back(next->path());
    next.increment(error);
  }
  if (error) throw read_error(folder, error.value());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace luvit
