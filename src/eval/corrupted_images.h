#pragma once
#include <memory>

#include "corruption_cells.h"
#include "luvit/eval/eval_config.h"
#include "suite_images.h"

namespace luvit {

// A clean validation set as ImageNet-C would hold it in one cell, corrupted when it is read: path fog/3/WNID/IMAGE.
// Each image is a function of its path and the suite's seed.
std::shared_ptr<const SuiteImages> corrupted_images(std::shared_ptr<const SuiteImages> clean,
                                                    const CorruptionCell& cell, const SuiteOptions& options);

}  // namespace luvit
