#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace luvit {

// What the data sets' own authors wrote down about them.

// WordNet id (n01440764) of each of the 1000 classes, ascending: the index is the class.
const std::vector<std::string>& imagenet_wnids();
// The 200 classes of each, ascending. 86 are in both.
std::vector<std::int64_t> imagenet_a_classes();
std::vector<std::int64_t> imagenet_r_classes();
// ImageNet-9's label (0 dog, 1 bird, …, 8 fish) of each of the 1000 classes; -1: none, of 630.
std::vector<std::int64_t> imagenet9_label_of();

// AlexNet's top-1 errors on ImageNet-C's fifteen corruptions, by severity: what mCE is a ratio to. Its per-corruption
// means are the constants of hendrycks/robustness.
struct AlexNetErrors {
  std::string corruption;
  std::array<double, 5> error;
};
const std::vector<AlexNetErrors>& alexnet_errors();
inline constexpr double alexnet_clean_error = 0.435;  // on the clean validation set, for the relative mCE

}  // namespace luvit
