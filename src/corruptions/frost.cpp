#include "luvit/corruptions/frost.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "plane.h"
#include "processors.h"
#include "request.h"

namespace luvit {
namespace {

// The programs also name frost6.jpg, but draw below 5.
constexpr std::array<const char*, 5> files = {"frost1.png", "frost2.png", "frost3.png", "frost4.jpg", "frost5.jpg"};
constexpr double least_enlargement = 1.1;

// Where the numbers of an enlarged axis come from: four neighbours and their weights, Keys's cubic with -0.75.
struct Taps {
  std::int64_t from[4];
  double weight[4];
};
Taps cubic_taps(std::int64_t place, std::int64_t in, std::int64_t out) {
  constexpr double a = -0.75;
  const double at = (static_cast<double>(place) + 0.5) * static_cast<double>(in) / static_cast<double>(out) - 0.5;
  const double floor = std::floor(at), t = at - floor, u = 1 - t;
  const auto first = static_cast<std::int64_t>(floor) - 1;
  Taps taps;
  for (int k = 0; k < 4; ++k) taps.from[k] = std::clamp<std::int64_t>(first + k, 0, in - 1);
  taps.weight[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  taps.weight[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  taps.weight[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
  taps.weight[3] = 1 - taps.weight[0] - taps.weight[1] - taps.weight[2];
  return taps;
}

LUVIT_FOR_EACH_PROCESSOR
void weigh_rows(const double* const* rows, const double* weight, std::int64_t n, std::uint8_t* out) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double sum =
        rows[0][i] * weight[0] + rows[1][i] * weight[1] + rows[2][i] * weight[2] + rows[3][i] * weight[3];
    out[i] = static_cast<std::uint8_t>(static_cast<int>((sum < 0 ? 0 : sum > 255 ? 255 : sum) + 0.5));
  }
}

// What `box` would hold of the picture enlarged to height × width.
Image enlarged_box(const Image& image, std::int64_t height, std::int64_t width, const Box& box) {
  std::vector<Taps> across;
  for (std::int64_t x = 0; x < box.width; ++x) across.push_back(cubic_taps(box.left + x, image.width, width));
  std::map<std::int64_t, std::vector<double>> rows;  // of the picture, enlarged across
  const auto row = [&](std::int64_t y) {
    auto& sums = rows[y];
    if (!sums.empty()) return static_cast<const double*>(sums.data());
    const std::uint8_t* from = image.pixels.data() + y * image.width * 3;
    for (const Taps& taps : across) {
      for (int c = 0; c < 3; ++c) {
        double sum = 0;
        for (int k = 0; k < 4; ++k) sum += from[taps.from[k] * 3 + c] * taps.weight[k];
        sums.push_back(sum);
      }
    }
    return static_cast<const double*>(sums.data());
  };
  Image out{box.height, box.width, std::vector<std::uint8_t>(static_cast<std::size_t>(box.height * box.width * 3))};
  for (std::int64_t y = 0; y < box.height; ++y) {
    const Taps taps = cubic_taps(box.top + y, image.height, height);
    const double* four[4];
    for (int k = 0; k < 4; ++k) four[k] = row(taps.from[k]);
    weigh_rows(four, taps.weight, box.width * 3, out.pixels.data() + y * box.width * 3);
    rows.erase(rows.begin(), rows.lower_bound(taps.from[0]));
  }
  return out;
}

// How much larger than `picture` an image is; 1 where it fits into it.
double excess(const Image& image, const Image& picture) {
  return std::max({1.0, static_cast<double>(image.height) / static_cast<double>(picture.height),
                   static_cast<double>(image.width) / static_cast<double>(picture.width)});
}

LUVIT_FOR_EACH_PROCESSOR
void mix(const std::uint8_t* frost, double frost_share, double image_share, std::int64_t n, std::uint8_t* levels) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double sum = image_share * levels[i] + frost_share * frost[i];
    levels[i] = static_cast<std::uint8_t>(static_cast<int>(sum > 255 ? 255 : sum));
  }
}

}  // namespace

Frost::Frost(const fs::path& folder) {
  for (const char* file : files) {
    const fs::path path = folder / file;
    if (!path_exists(path)) {
      throw DataError(str(path.string(), ": not found; the pictures for the corruption frost are ",
                          join({files.begin(), files.end()}, ", ")),
                      "scripts/setup.sh installs them, or --frost DIR names a folder that has them");
    }
    const std::string bytes = read_file(path);
    pictures_.push_back(decode({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, path.string()));
  }
}

fs::path installed_frost() {
  const std::vector<fs::path> roots = {fs::current_path() / ".venv", fs::path(LUVIT_SOURCE_DIR) / ".venv"};
  for (const fs::path& root : roots) {
    if (!is_folder(root / "lib")) continue;
    for (const fs::path& python : list_folder(root / "lib")) {
      const fs::path folder = python / "site-packages/imagecorruptions/frost";
      if (python.filename().string().starts_with("python3") && is_folder(folder)) return folder;
    }
  }
  throw DataError(str("the pictures for the corruption frost are not there: no imagecorruptions in ", roots[0].string(),
                      " or ", roots[1].string()),
                  "scripts/setup.sh installs them, or --frost DIR names a folder that has them");
}

Image frost(const Request& request) {
  struct Parameters {
    double image, frost;
  };
  static constexpr Parameters table[5] = {{1, .4}, {.8, .6}, {.7, .7}, {.65, .7}, {.6, .75}};
  const auto [image_share, frost_share] = request.of(table);
  if (request.frost.empty()) throw std::logic_error("corrupt: frost without its pictures");
  const Image& image = request.image;
  const Image& picture = request.frost.picture(static_cast<int>(request.random.randint(0, request.frost.size())));
  const double factor = request.official() ? 1 : excess(image, picture) * least_enlargement;
  const auto larger = [factor](std::int64_t side) {
    return static_cast<std::int64_t>(std::ceil(static_cast<double>(side) * factor));
  };
  const std::int64_t height = larger(picture.height), width = larger(picture.width);
  if (height <= image.height || width <= image.width) {  // the script's, which takes them as they are
    throw DataError(str("a picture of frost has ", picture.width, "×", picture.height,
                        " pixels, expected more than the image's ", image.width, "×", image.height));
  }
  Box box{0, 0, image.height, image.width};
  box.top = request.random.randint(0, height - image.height);
  box.left = request.random.randint(0, width - image.width);
  Image out = image;
  if (request.official()) {
    for (std::int64_t y = 0; y < box.height; ++y) {
      mix(picture.pixels.data() + ((box.top + y) * width + box.left) * 3, frost_share, image_share, box.width * 3,
          out.pixels.data() + y * box.width * 3);
    }
  } else {
    const Image layer = enlarged_box(picture, height, width, box);
    mix(layer.pixels.data(), frost_share, image_share, box.height * box.width * 3, out.pixels.data());
  }
  return out;
}

}  // namespace luvit
