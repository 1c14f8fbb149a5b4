// Pillow's ImageEnhance: a blend of the image with what is left of it at factor 0 (grey, its mean, black, blurred).
#include <algorithm>
#include <cstring>

#include "pixel_kernels.h"
#include "with_avx2.h"

namespace luvit {
namespace {

// Eight of each side by side.
using Levels = std::uint8_t __attribute__((vector_size(8)));
using Words = std::uint16_t __attribute__((vector_size(16)));
using Integers = std::int32_t __attribute__((vector_size(32)));
using Floats = float __attribute__((vector_size(32)));

inline __attribute__((always_inline)) Words load(const std::uint8_t* from) {
  Levels levels;
  std::memcpy(&levels, from, sizeof levels);
  return __builtin_convertvector(levels, Words);
}

inline __attribute__((always_inline)) void store(Words words, std::uint8_t* to) {
  const Levels levels = __builtin_convertvector(words, Levels);
  std::memcpy(to, &levels, sizeof levels);
}

// ITU-R 601-2, as convert("L").
inline std::uint8_t grey(const std::uint8_t* pixel) {
  return static_cast<std::uint8_t>((pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16);
}

// blended() of two images.
LUVIT_WITH_AVX2
void blend(const std::uint8_t* from, const std::uint8_t* to, float share, std::uint8_t* out, std::size_t count) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const Integers a = __builtin_convertvector(load(from + i), Integers);
    const Integers b = __builtin_convertvector(load(to + i), Integers);
    Floats level = __builtin_convertvector(a, Floats) + share * __builtin_convertvector(b - a, Floats);
    level = level > 0 ? level : Floats{};
    level = level < 255 ? level : Floats{} + 255;
    store(__builtin_convertvector(__builtin_convertvector(level, Integers), Words), out + i);
  }
  for (; i < count; ++i) out[i] = blended(from[i], to[i], share);
}

// One row's middle of ImageFilter.SMOOTH: (the eight neighbours + 5 · the level) / 13, rounded. Pillow adds floats;
// a sum of thirteenths is never so near to a half that this matters. `begin` … `end` count levels, not pixels.
LUVIT_WITH_AVX2
void smooth_row(const std::uint8_t* above, const std::uint8_t* row, const std::uint8_t* below, std::uint8_t* out,
                std::int64_t begin, std::int64_t end) {
  std::int64_t i = begin;
  for (; i + 8 <= end; i += 8) {
    Words sum = load(row + i) * 4;
    for (int d = -3; d <= 3; d += 3) sum += load(above + i + d) + load(row + i + d) + load(below + i + d);
    // (s + 6) / 13 by its reciprocal in 16 bits, exact for all sums up to 13 · 255.
    const Integers exact = (__builtin_convertvector(sum, Integers) + 6) * 5042 >> 16;
    store(__builtin_convertvector(exact, Words), out + i);
  }
  for (; i < end; ++i) {
    int sum = 4 * row[i];
    for (int d = -3; d <= 3; d += 3) sum += above[i + d] + row[i + d] + below[i + d];
    out[i] = static_cast<std::uint8_t>((sum + 6) / 13);
  }
}

// Borders are left as they are.
void smooth(const Image& image, std::vector<std::uint8_t>& out) {
  out = image.pixels;
  if (image.height < 3 || image.width < 3) return;
  const std::int64_t bytes = image.width * 3;
  for (std::int64_t y = 1; y + 1 < image.height; ++y) {
    const std::uint8_t* row = image.pixels.data() + y * bytes;
    smooth_row(row - bytes, row, row + bytes, out.data() + y * bytes, 3, bytes - 3);
  }
}

void like(const Image& image, Image& out) {
  out.height = image.height;
  out.width = image.width;
  out.pixels.resize(image.pixels.size());
}

// Image.blend with an image of one level.
void blend_with(int level, const Image& image, float factor, Image& out) {
  Table table;
  for (int i = 0; i < 256; ++i) table[static_cast<std::size_t>(i)] = blended(level, i, factor);
  look_up(image, table, out);
}

std::vector<std::uint8_t>& scratch() {
  static thread_local std::vector<std::uint8_t> kept;
  return kept;
}

}  // namespace

void enhance_color(const Image& image, float factor, Image& out) {
  std::vector<std::uint8_t>& greys = scratch();
  greys.resize(image.pixels.size());
  for (std::size_t i = 0; i < greys.size(); i += 3) {
    greys[i] = greys[i + 1] = greys[i + 2] = grey(image.pixels.data() + i);
  }
  like(image, out);
  blend(greys.data(), image.pixels.data(), factor, out.pixels.data(), greys.size());
}

void enhance_contrast(const Image& image, float factor, Image& out) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) sum += grey(image.pixels.data() + i);
  const double mean = static_cast<double>(sum) / static_cast<double>(image.height * image.width);
  blend_with(static_cast<int>(mean + 0.5), image, factor, out);
}

void enhance_brightness(const Image& image, float factor, Image& out) {
  blend_with(0, image, factor, out);
}

void enhance_sharpness(const Image& image, float factor, Image& out) {
  std::vector<std::uint8_t>& smoothed = scratch();
  smooth(image, smoothed);
  like(image, out);
  blend(smoothed.data(), image.pixels.data(), factor, out.pixels.data(), smoothed.size());
}

}  // namespace luvit
