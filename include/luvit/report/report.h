#pragma once
#include "luvit/core/files.h"

namespace luvit {

// FOLDER/report.html and FOLDER/figures/*.svg with their data, from what stands in the folder of an evaluation:
// results.json (required), predictions/NAME.csv where written, and thumbnails out of the suites' data folders where
// these are at hand. The page needs neither a network nor this program; equal input gives equal bytes. What is not
// there is left out or said to be missing. DataError for a file that is not what CONTRACTS' `luvit_eval` writes.
void write_report(const fs::path& run_folder);

}  // namespace luvit
