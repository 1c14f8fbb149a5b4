#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "luvit/corruptions/frost.h"
#include "luvit/data/image.h"

namespace luvit {

// The corruptions of ImageNet-C (Hendrycks & Dietterich 2019): its benchmark's fifteen in their order, then the four
// extra ones.
enum class Corruption {
  gaussian_noise,
  shot_noise,
  impulse_noise,
  defocus_blur,
  glass_blur,
  motion_blur,
  zoom_blur,
  snow,
  frost,
  fog,
  brightness,
  contrast,
  elastic_transform,
  pixelate,
  jpeg_compression,
  speckle_noise,
  gaussian_blur,
  spatter,
  saturate,
};
inline constexpr int corruption_count = 19;       // values 0 … 18
inline constexpr int benchmark_corruptions = 15;  // the first so many

const std::array<std::string, corruption_count>& corruption_names();
std::string_view corruption_name(Corruption corruption);
Corruption parse_corruption(std::string_view name);  // UsageError with the nearest known name

// Two programs make these pictures, with the same constants for most corruptions: `imagenet_c` is the script behind
// the published files (hendrycks/robustness, ImageNet-C/create_c/make_imagenet_c.py), `imagecorruptions` the package
// of that name, version 1.1.2, for pictures of any size. They differ in motion blur, snow, frost, elastic
// transform and, other than at 224 pixels, pixelate.
enum class Flavour { imagenet_c, imagecorruptions };
Flavour parse_flavour(std::string_view name);

// The corrupted picture, of the same size: a function of its arguments alone. Severity 1 … 5. `seed` is that of
// numpy's legacy generator: after numpy.random.seed(seed), those programs draw the same numbers. `frost` is needed by
// Corruption::frost only. DataError naming `name` where the picture is smaller than 32×32.
//
// The script's motion blur (and so its snow) is ImageMagick's; this is that of version 6 with 16 bits a channel. How
// close all of them are: docs/corruptions.md.
Image corrupt(const Image& image, Corruption corruption, int severity, Flavour flavour, std::uint32_t seed,
              const Frost& frost, const std::string& name = "image");

// What an evaluation on ImageNet-C would read for this picture: shorter side resized to 256 (bilinear), 224 from the
// centre, corrupted as `imagenet_c`, through a JPEG of quality 85 and back.
Image corrupted_view(const Image& image, Corruption corruption, int severity, std::uint32_t seed, const Frost& frost,
                     const std::string& name = "image");
// The first half of it: the picture that is corrupted.
Image imagenet_c_view(const Image& image, const std::string& name = "image");
inline constexpr int imagenet_c_quality = 85;

// The seed of one picture. `path` is relative to the data set's folder, so that neither the order of pictures nor the
// number of workers matters: the first 32 bits of luvit::Random for the name "CORRUPTION/SEVERITY/PATH".
std::uint32_t corruption_seed(std::uint64_t seed, Corruption corruption, int severity, std::string_view path);

}  // namespace luvit
