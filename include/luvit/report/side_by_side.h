#pragma once
#include <string>
#include <vector>

#include "luvit/core/files.h"

namespace luvit {

struct NamedRun {
  std::string name;  // what its model is called
  fs::path folder;   // of the evaluation
};

// FOLDER/report.html and FOLDER/figures/: the imagenet_s suites of several evaluations beside each other, suites
// matched by name; the first run is the one that the others are compared with. What only some runs have is said.
// DataError where no run has such a suite, or a file is not what luvit_eval writes.
void write_side_by_side(const std::vector<NamedRun>& runs, const fs::path& folder);

}  // namespace luvit
