#pragma once
#include "luvit/eval/compare.h"

namespace luvit {

// Two models' analysis/NAME.csv of an imagenet_s suite, images paired by path. Every pair: whether the background's
// entropy is above the object's (a share, McNemar's test). `means`: the gap, of the images that both used, and both
// mask IoUs, of those that both measured: every second image, those that no threshold was chosen on. DataError where
// the images differ, or the cells of one: other masks.
SuitePairs compare_tokens(const std::string& suite, const fs::path& a, const fs::path& b,
                          const BootstrapOptions& bootstrap);

}  // namespace luvit
