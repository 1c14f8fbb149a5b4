// Pillow's affine transform of 8-bit images with its bicubic filter (its Geometry.c as of 11.3): for each pixel of the
// result the place it comes from, there a cubic along four rows and one across them, all in double.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numbers>

#include "pixel_kernels.h"
#include "with_avx2.h"

namespace luvit {
namespace {

// Three channels and an empty one side by side.
using Pixel = std::int32_t __attribute__((vector_size(16)));
using StoredPixel = Pixel __attribute__((aligned(4), may_alias));
using Value = double __attribute__((vector_size(32)));

constexpr std::int64_t border = 2;  // as far as the cubic reaches beyond the image, whose edge goes on there

struct Padded {
  std::int64_t stride = 0;  // in pixels
  std::vector<std::int32_t> levels;

  const StoredPixel* at(std::int64_t y, std::int64_t x) const {
    return reinterpret_cast<const StoredPixel*>(levels.data()) + (y + border) * stride + x + border;
  }
};

LUVIT_WITH_AVX2
void pad_row(const std::uint8_t* row, std::int64_t width, StoredPixel* to) {
  std::int64_t x = 0;
  for (; x + 1 < width; ++x) {  // the empty channel may hold anything: the next pixel's red
    std::uint8_t levels __attribute__((vector_size(4)));
    std::memcpy(&levels, row + 3 * x, sizeof levels);
    to[x] = __builtin_convertvector(levels, Pixel);
  }
  to[x] = Pixel{row[3 * x], row[3 * x + 1], row[3 * x + 2], 0};
}

void pad(const Image& image, Padded& out) {
  out.stride = image.width + 2 * border;
  out.levels.resize(static_cast<std::size_t>((image.height + 2 * border) * out.stride * 4));
  auto* to = reinterpret_cast<StoredPixel*>(out.levels.data());
  for (std::int64_t y = -border; y < image.height + border; ++y, to += out.stride) {
    const std::uint8_t* row = image.pixels.data() + std::clamp<std::int64_t>(y, 0, image.height - 1) * image.width * 3;
    pad_row(row, image.width, to + border);
    for (std::int64_t x = 0; x < border; ++x) {
      to[x] = to[border];
      to[border + image.width + x] = to[border + image.width - 1];
    }
  }
}

// The cubic through four values at the share `d` of the way from the second to the third. Vectors as wide as these are
// handed over by reference: without AVX they have no place among a function's arguments.
inline __attribute__((always_inline)) void cubic(const Value (&v)[4], double d, Value& out) {
  const Value p2 = -v[0] + v[2], p3 = 2 * (v[0] - v[1]) + v[2] - v[3], p4 = -v[0] + v[1] - v[2] + v[3];
  out = v[1] + d * (p2 + d * (p3 + d * p4));
}

// The same of levels, `step` apart from each other: their coefficients are whole numbers, so integers do.
inline __attribute__((always_inline)) void cubic(const StoredPixel* second, std::int64_t step, double d, Value& out) {
  const Pixel v1 = second[-step], v2 = second[0], v3 = second[step], v4 = second[2 * step];
  const Pixel rise = v1 - v2, fall = v3 - v4;
  const Value p1 = __builtin_convertvector(v2, Value), p2 = __builtin_convertvector(v3 - v1, Value);
  const Value p3 = __builtin_convertvector(rise + rise + fall, Value);
  const Value p4 = __builtin_convertvector(-(rise + fall), Value);
  out = p1 + d * (p2 + d * (p3 + d * p4));
}

// A cubic at 0 is its second value, so that shear and translation need one direction only.
inline __attribute__((always_inline)) void interpolate(const StoredPixel* centre, std::int64_t stride, double dx,
                                                       double dy, Value& out) {
  if (dy == 0) return cubic(centre, 1, dx, out);
  if (dx == 0) return cubic(centre, stride, dy, out);
  Value rows[4];
  for (int i = 0; i < 4; ++i) cubic(centre + (i - 1) * stride, 1, dx, rows[i]);
  cubic(rows, dy, out);
}

inline std::int64_t floor_of(double v) {
  const auto whole = static_cast<std::int64_t>(v);
  return v < static_cast<double>(whole) ? whole - 1 : whole;
}

LUVIT_WITH_AVX2
void transform_row(const Padded& padded, std::int64_t height, std::int64_t width, const Affine& matrix, double y,
                   const std::array<std::uint8_t, 3>& fill, std::uint8_t* out) {
  for (std::int64_t column = 0; column < width; ++column, out += 3) {
    const double x = static_cast<double>(column) + 0.5;
    const double from_x = matrix[0] * x + matrix[1] * y + matrix[2];
    const double from_y = matrix[3] * x + matrix[4] * y + matrix[5];
    if (from_x < 0 || from_x >= static_cast<double>(width) || from_y < 0 || from_y >= static_cast<double>(height)) {
      std::memcpy(out, fill.data(), 3);
      continue;
    }
    const std::int64_t left = floor_of(from_x - 0.5), top = floor_of(from_y - 0.5);
    Value value;
    interpolate(padded.at(top, left), padded.stride, from_x - 0.5 - static_cast<double>(left),
                from_y - 0.5 - static_cast<double>(top), value);
    value = value > 0 ? value : Value{};
    value = value < 255 ? value : Value{} + 255;
    const Pixel levels = __builtin_convertvector(value, Pixel);
    for (int c = 0; c < 3; ++c) out[c] = static_cast<std::uint8_t>(levels[c]);
  }
}

// Python's round(x, 15).
double rounded_to_15_digits(double x) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), x, std::chars_format::fixed, 15).ptr;
  std::from_chars(text.data(), end, x);
  return x;
}

}  // namespace

void transform(const Image& image, const Affine& matrix, const std::array<std::uint8_t, 3>& fill, Image& out) {
  static thread_local Padded padded;
  pad(image, padded);
  out.height = image.height;
  out.width = image.width;
  out.pixels.resize(image.pixels.size());
  for (std::int64_t row = 0; row < image.height; ++row) {
    transform_row(padded, image.height, image.width, matrix, static_cast<double>(row) + 0.5, fill,
                  out.pixels.data() + row * image.width * 3);
  }
}

Affine rotation(double degrees, std::int64_t height, std::int64_t width) {
  double turn = std::fmod(degrees, 360.0);
  if (turn < 0) turn += 360;  // the same angle, but not the same rounding
  const double angle = -(turn * (std::numbers::pi / 180));
  const double cosine = rounded_to_15_digits(std::cos(angle)), sine = rounded_to_15_digits(std::sin(angle));
  const double minus_sine = rounded_to_15_digits(-std::sin(angle));
  const double x = static_cast<double>(width) / 2, y = static_cast<double>(height) / 2;
  return {cosine, sine, cosine * -x + sine * -y + x, minus_sine, cosine, minus_sine * -x + cosine * -y + y};
}

}  // namespace luvit
