#include "luvit/core/output_path.h"

#include <unistd.h>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

bool writable(const fs::path& folder) {
  return ::access(folder.c_str(), W_OK | X_OK) == 0;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

void require_output_file(const std::string& option, const fs::path& path, const std::vector<fs::path>& read) {
  const fs::path folder = folder_of(path);
  if (is_folder(path)) throw UsageError(str(option, " ", escape(path.string()), " is a folder"), "name a file");
  if (!is_folder(folder))
    throw UsageError(str(option, " ", escape(path.string()), ": the folder ", escape(folder.string()),
                         path_exists(folder) ? " is a file" : " does not exist"),
                     "name a place in a folder that is there");
  if (!writable(folder))
    throw UsageError(
        str(option, " ", escape(path.string()), ": the folder ", escape(folder.string()), " cannot be written to"),
        "name a place that is yours");
  for (const fs::path& input : read)
    if (std::error_code none; fs::equivalent(input, path, none))
      throw UsageError(str(option, " ", escape(path.string()), " is the file that is read: it would be overwritten"),
                       "name another file");
}

void require_output_folder(const std::string& option, const fs::path& path) {
  fs::path there = fs::absolute(path);
  while (!path_exists(there) && there.has_relative_path()) there = there.parent_path();  // up to what would be made in
  if (!is_folder(there))
    throw UsageError(str(option, " ", escape(path.string()), ": ", escape(there.string()), " is not a folder"),
                     "name another place");
  if (!writable(there))
    throw UsageError(
        str(option, " ", escape(path.string()), ": the folder ", escape(there.string()), " cannot be written to"),
        "name a place that is yours");
}

}  // namespace luvit
