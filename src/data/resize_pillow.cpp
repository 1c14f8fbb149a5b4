// Pillow's resampling for 8-bit images (its Resample.c as of 11.3): every output pixel is a weighted sum of the input
// pixels under the filter, first along rows, rounded to 8 bits, then along columns. Weights are integers of 22 bits, so
// any order of the additions gives the same result, which leaves us free to compute many pixels at once.
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "resize.h"

namespace luvit {
namespace {

constexpr int precision = 32 - 8 - 2;
constexpr std::int32_t half = 1 << (precision - 1);

// Sixteen sums side by side; the compiler maps them to what the processor has.
using Sums = std::int32_t __attribute__((vector_size(64)));
// The same in memory of std::vector's, which aligns to 16 bytes only.
using StoredSums = Sums __attribute__((aligned(4), may_alias));
using Levels = std::uint8_t __attribute__((vector_size(16)));

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LUVIT_FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LUVIT_FOR_EACH_PROCESSOR
#endif

double weight(Filter filter, double x) {
  if (filter == Filter::box) return x > -0.5 && x <= 0.5 ? 1 : 0;
  x = std::abs(x);
  if (filter == Filter::bilinear) return x < 1 ? 1 - x : 0;
  constexpr double a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

double support_of(Filter filter) {
  switch (filter) {
    case Filter::box:
      return 0.5;
    case Filter::bilinear:
      return 1.0;
    case Filter::bicubic:
      return 2.0;
  }
  throw std::logic_error("filter");
}

// For each output place: the first input place and the weights from there on, `taps` apart in `weights`.
struct Coefficients {
  std::int64_t taps = 0;
  std::vector<std::int32_t> first, count, weights;
};

void coefficients(std::int64_t in, std::int64_t out, Filter filter, Coefficients& c) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(scale, 1.0);
  const double support = support_of(filter) * stretch;
  c.taps = static_cast<std::int64_t>(std::ceil(support)) * 2 + 1;
  c.first.resize(static_cast<std::size_t>(out));
  c.count.resize(static_cast<std::size_t>(out));
  c.weights.assign(static_cast<std::size_t>(out * c.taps), 0);
  std::vector<double> exact(static_cast<std::size_t>(c.taps));
  for (std::int64_t i = 0; i < out; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(centre - support + 0.5), 0);
    const auto last = std::min<std::int64_t>(static_cast<std::int64_t>(centre + support + 0.5), in);
    double sum = 0;
    for (std::int64_t k = 0; k < last - first; ++k) {
      const double w = weight(filter, (static_cast<double>(k + first) - centre + 0.5) * (1.0 / stretch));
      exact[static_cast<std::size_t>(k)] = w;
      sum += w;
    }
    for (std::int64_t k = 0; k < last - first; ++k) {
      double w = exact[static_cast<std::size_t>(k)];
      if (sum != 0) w /= sum;
      c.weights[static_cast<std::size_t>(i * c.taps + k)] =
          static_cast<std::int32_t>((w < 0 ? -0.5 : 0.5) + w * (1 << precision));
    }
    c.first[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(first);
    c.count[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(last - first);
  }
}

inline __attribute__((always_inline)) Levels clipped(Sums sums) {
  sums >>= precision;
  sums = sums < 0 ? Sums{} : sums;
  sums = sums > 255 ? Sums{} + 255 : sums;
  return __builtin_convertvector(sums, Levels);
}

// One pass along rows, four rows at a time: lane 4·r + c holds channel c of row r, so a sum over the taps is one
// multiplication and one addition a tap for twelve values.
LUVIT_FOR_EACH_PROCESSOR
void resize_rows(const std::uint8_t* in, std::int64_t rows, std::int64_t in_width, const Coefficients& c,
                 std::int64_t out_width, StoredSums* lanes, std::uint8_t* out) {
  for (std::int64_t y = 0; y < rows; y += 4) {
    const std::int64_t together = std::min<std::int64_t>(4, rows - y);
    const std::uint8_t* row[4];
    for (std::int64_t r = 0; r < 4; ++r) row[r] = in + (y + std::min(r, together - 1)) * in_width * 3;
    for (std::int64_t x = 0; x < in_width; ++x) {
      Levels level{};
      for (int r = 0; r < 4; ++r) {
        level[4 * r] = row[r][3 * x];
        level[4 * r + 1] = row[r][3 * x + 1];
        level[4 * r + 2] = row[r][3 * x + 2];
      }
      lanes[x] = __builtin_convertvector(level, Sums);
    }
    for (std::int64_t x = 0; x < out_width; ++x) {
      const StoredSums* from = lanes + c.first[static_cast<std::size_t>(x)];
      const std::int32_t* w = c.weights.data() + x * c.taps;
      Sums sums = Sums{} + half;
      for (std::int32_t k = 0; k < c.count[static_cast<std::size_t>(x)]; ++k) sums += from[k] * w[k];
      const Levels level = clipped(sums);
      for (std::int64_t r = 0; r < together; ++r) {
        std::uint8_t* to = out + ((y + r) * out_width + x) * 3;
        for (int channel = 0; channel < 3; ++channel) to[channel] = level[4 * r + channel];
      }
    }
  }
}

// One pass along columns, sixteen values of a row at a time. `bytes` is a row's length.
LUVIT_FOR_EACH_PROCESSOR
void resize_columns(const std::uint8_t* in, std::int64_t bytes, const Coefficients& c, std::int64_t out_height,
                    std::uint8_t* out) {
  for (std::int64_t y = 0; y < out_height; ++y) {
    const std::uint8_t* from = in + c.first[static_cast<std::size_t>(y)] * bytes;
    const std::int32_t* w = c.weights.data() + y * c.taps;
    const std::int32_t count = c.count[static_cast<std::size_t>(y)];
    std::uint8_t* to = out + y * bytes;
    std::int64_t x = 0;
    for (; x + 16 <= bytes; x += 16) {
      Sums sums = Sums{} + half;
      for (std::int32_t k = 0; k < count; ++k) {
        Levels level;
        std::memcpy(&level, from + k * bytes + x, sizeof level);
        sums += __builtin_convertvector(level, Sums) * w[k];
      }
      const Levels level = clipped(sums);
      std::memcpy(to + x, &level, sizeof level);
    }
    for (; x < bytes; ++x) {
      std::int32_t sum = half;
      for (std::int32_t k = 0; k < count; ++k) sum += from[k * bytes + x] * w[k];
      to[x] = static_cast<std::uint8_t>(std::clamp(sum >> precision, 0, 255));
    }
  }
}

struct Scratch {
  Coefficients rows, columns;
  std::vector<std::int32_t> lanes;  // sixteen for each input column
  std::vector<std::uint8_t> between;
};

}  // namespace

void resize_as_pillow(const Image& image, std::int64_t height, std::int64_t width, Filter filter, Image& out) {
  static thread_local Scratch scratch;
  out.height = height;
  out.width = width;
  out.pixels.resize(static_cast<std::size_t>(height * width * 3));
  const std::uint8_t* from = image.pixels.data();
  if (width != image.width) {
    coefficients(image.width, width, filter, scratch.rows);
    scratch.lanes.resize(static_cast<std::size_t>(image.width * 16));
    scratch.between.resize(static_cast<std::size_t>(image.height * width * 3));
    resize_rows(from, image.height, image.width, scratch.rows, width,
                reinterpret_cast<StoredSums*>(scratch.lanes.data()), scratch.between.data());
    from = scratch.between.data();
  }
  if (height == image.height) {
    std::memcpy(out.pixels.data(), from, out.pixels.size());
    return;
  }
  coefficients(image.height, height, filter, scratch.columns);
  resize_columns(from, width * 3, scratch.columns, height, out.pixels.data());
}

Image resize_as_pillow(const Image& image, std::int64_t height, std::int64_t width, Filter filter) {
  Image out;
  resize_as_pillow(image, height, width, filter, out);
  return out;
}

}  // namespace luvit
