#pragma once
#include <string>
#include <vector>

#include "luvit/core/files.h"

namespace luvit {

// Found out before the work, not after it: UsageError where nothing can be written to a place.

// A file in a folder that is there, and none of those that are read.
void require_output_file(const std::string& option, const fs::path& path, const std::vector<fs::path>& read = {});
// A folder, which may still have to be made.
void require_output_folder(const std::string& option, const fs::path& path);

}  // namespace luvit
