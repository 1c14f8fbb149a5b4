#pragma once
#include <array>
#include <optional>

#include "luvit/core/random.h"
#include "luvit/data/image.h"
#include "luvit/data/options.h"

namespace luvit {

// torchvision's RandomResizedCrop.get_params: up to ten tries, then the central fallback.
Box random_resized_crop(Random& random, std::int64_t height, std::int64_t width, double scale_low, double scale_high);
// Its two parts without the dice: the size that a share of the area and an aspect (width / height) give, where that
// fits into the image; and the box when no try did.
std::optional<ImageSize> crop_size(std::int64_t height, std::int64_t width, double scale, double aspect);
Box fallback_crop(std::int64_t height, std::int64_t width);
// The crop of MAE's linear probe (its util/crop.py): one draw, each side at most the image's.
Box clamped_crop(Random& random, std::int64_t height, std::int64_t width, double scale_low, double scale_high);
ImageSize clamped_crop_size(std::int64_t height, std::int64_t width, double scale, double aspect);
// By the rule that the options name.
Box random_crop(Random& random, const CropOptions& options, std::int64_t height, std::int64_t width);

// Bicubic with antialiasing, by ATen's uint8 kernel (training; ≤ 2 levels from Pillow on < 1% of pixels).
Image resize_fast(const Image& image, std::int64_t height, std::int64_t width);
// Pillow 11.3's resize, to the pixel (evaluation): horizontal pass first, 22-bit coefficients.
enum class Filter { bilinear, bicubic, box };
Image resize_as_pillow(const Image& image, std::int64_t height, std::int64_t width, Filter filter = Filter::bicubic);

// Resize the shorter side (torchvision's rule: the other truncated), centre crop (torchvision's rounding; black where
// the image is smaller). DataError naming it where the resized one is beyond the decoders' limit of pixels. resize 0:
// as it is; DataError where that is smaller than the crop.
Image evaluation_view(const Image& image, std::int64_t resize, std::int64_t crop, Filter filter = Filter::bicubic,
                      const std::string& name = "image");

// Where that crop lies: the resized image's size, and the crop's first row and column in it; negative where black
// margins come first.
struct ViewPlace {
  ImageSize resized;
  std::int64_t top = 0, left = 0;
};
ViewPlace evaluation_place(const ImageSize& image, std::int64_t resize, std::int64_t crop,
                           const std::string& name = "image");

// (x/255 − mean)/std of every level, in float32 and in torchvision's order of operations: the same bits.
class Normaliser {
 public:
  Normaliser(const std::vector<double>& mean, const std::vector<double>& std);
  // HWC uint8 → CHW float, mirrored if flip.
  void operator()(const Image& image, bool flip, float* out) const;

 private:
  std::array<std::array<float, 256>, 3> table_;
};
void normalise(const Image& image, bool flip, const std::vector<double>& mean, const std::vector<double>& std,
               float* out);

}  // namespace luvit
