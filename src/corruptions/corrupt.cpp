#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/random.h"
#include "luvit/core/text.h"
#include "luvit/data/transforms.h"
#include "request.h"

namespace luvit {
namespace {

struct Entry {
  const char* name;
  Image (*corrupt)(const Request&);
};
// In the order of the enumeration.
constexpr std::array<Entry, corruption_count> entries = {{
    {"gaussian_noise", gaussian_noise},
    {"shot_noise", shot_noise},
    {"impulse_noise", impulse_noise},
    {"defocus_blur", defocus_blur},
    {"glass_blur", glass_blur},
    {"motion_blur", motion_blur},
    {"zoom_blur", zoom_blur},
    {"snow", snow},
    {"frost", frost},
    {"fog", fog},
    {"brightness", brightness},
    {"contrast", contrast},
    {"elastic_transform", elastic_transform},
    {"pixelate", pixelate},
    {"jpeg_compression", jpeg_compression},
    {"speckle_noise", speckle_noise},
    {"gaussian_blur", gaussian_blur},
    {"spatter", spatter},
    {"saturate", saturate},
}};
constexpr std::int64_t least_side = 32;  // below it some of the corruptions make no sense; imagecorruptions refuses too

const Entry& entry(Corruption corruption) {
  return entries.at(static_cast<std::size_t>(corruption));
}

}  // namespace

const std::array<std::string, corruption_count>& corruption_names() {
  static const auto names = [] {
    std::array<std::string, corruption_count> all;
    std::transform(entries.begin(), entries.end(), all.begin(), [](const Entry& e) { return e.name; });
    return all;
  }();
  return names;
}

std::string_view corruption_name(Corruption corruption) {
  return entry(corruption).name;
}

Corruption parse_corruption(std::string_view name) {
  const auto& names = corruption_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<Corruption>(found - names.begin());
  const std::vector<std::string> known(names.begin(), names.end());
  const std::string near = nearest(name, known);
  throw UsageError(str("'", escape(name), "' is no corruption", near.empty() ? "" : "; the nearest is " + near),
                   "the corruptions are " + join(known, ", "));
}

Flavour parse_flavour(std::string_view name) {
  if (name == "imagenet_c") return Flavour::imagenet_c;
  if (name == "imagecorruptions") return Flavour::imagecorruptions;
  throw UsageError(str("'", escape(name), "' is no flavour of corruptions, expected imagenet_c or imagecorruptions"));
}

Image corrupt(const Image& image, Corruption corruption, int severity, Flavour flavour, std::uint32_t seed,
              const Frost& frost, const std::string& name) {
  if (severity < 1 || severity > 5) throw UsageError(str("severity ", severity, ", expected 1 … 5"));
  if (image.height < least_side || image.width < least_side) {
    throw DataError(str(name, ": an image of ", image.width, "×", image.height, " pixels; a corruption needs at least ",
                        least_side, "×", least_side),
                    "leave it out, or enlarge it first");
  }
  NumpyRandom random(seed);
  return entry(corruption).corrupt({image, severity, flavour, frost, random});
}

Image imagenet_c_view(const Image& image, const std::string& name) {
  return evaluation_view(image, 256, 224, Filter::bilinear, name);
}

Image corrupted_view(const Image& image, Corruption corruption, int severity, std::uint32_t seed, const Frost& frost,
                     const std::string& name) {
  const Image view = imagenet_c_view(image, name);
  return through_jpeg(corrupt(view, corruption, severity, Flavour::imagenet_c, seed, frost, name), imagenet_c_quality);
}

std::uint32_t corruption_seed(std::uint64_t seed, Corruption corruption, int severity, std::string_view path) {
  const std::string name = str(corruption_name(corruption), "/", severity, "/", path);
  return Random(seed, name, Purpose::corruption).bits();
}

}  // namespace luvit
