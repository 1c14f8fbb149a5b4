#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace luvit {

// What a folder and those below it hold. Links are followed, loops are not; what is hidden is passed over, and counted.
struct ImageTree {
  std::vector<std::string> images;       // by extension; paths relative to the folder, byte-sorted
  std::vector<std::string> top_folders;  // directly in it, sorted
  std::int64_t other_files = 0, hidden = 0;
};
ImageTree list_images(const std::string& folder);  // DataError where a folder cannot be read

}  // namespace luvit
