#pragma once
#include "luvit/data/dataset.h"

namespace luvit {

// Images in the order they are named: files by whatever name, and all that open_dataset takes (folders, globs, tar
// shards). Labels are -1. DataError where a path leads to no image.
std::unique_ptr<Dataset> open_images(const std::vector<std::string>& paths);

}  // namespace luvit
