#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace luvit {

struct DataOptions {
  std::vector<std::string> train;  // folders or tar shards (globs, braces)
  std::vector<std::string> val;
  std::int64_t workers = 0;  // 0: one a core, less one, at least one
  std::int64_t max_bad = 0;
  std::vector<double> mean = {0.485, 0.456, 0.406};
  std::vector<double> std = {0.229, 0.224, 0.225};
};

// How a random crop is drawn: by torchvision's rule (up to ten tries until one fits, else a central crop), or by the
// one of MAE's linear probe (util/crop.py: one draw, its sides cut to the image's).
enum class CropRule { tries, clamped };

struct CropOptions {
  std::vector<double> crop_scale = {0.2, 1.0};  // share of the area, smallest and largest
  double flip = 0.5;
  CropRule rule = CropRule::tries;
};

// timm's `rand-mM-mstdS-inc1`: `ops` of 15 operations an image, with replacement, each applied with probability 1/2 at
// a magnitude N(M, S) within 0 … 10.
struct RandAugmentOptions {
  std::int64_t ops = 2;  // 0: none
  double magnitude = 9, std = 0.5;
};

// Mixup and CutMix, one or the other (by a fair coin where both are on) for a group of consecutive samples.
struct MixOptions {
  double mixup = 0.8, cutmix = 1.0;  // α of λ ~ Beta(α, α); 0: off
  std::int64_t group = 32;           // samples that share λ, kind and box
};

// What fine-tuning does to images and labels (CONTRACTS, "Fine-tuning").
struct AugmentOptions {
  CropOptions crop = {{0.08, 1.0}, 0.5};
  RandAugmentOptions rand_augment;
  double random_erase = 0.25;  // probability
  MixOptions mix;
  double label_smoothing = 0.1;
};

// Pretraining's, and the linear probe's: nothing but the crop and the flip.
inline AugmentOptions only_crop(CropOptions crop) {
  return {.crop = std::move(crop), .rand_augment = {.ops = 0}, .random_erase = 0, .mix = {0, 0}, .label_smoothing = 0};
}

}  // namespace luvit
