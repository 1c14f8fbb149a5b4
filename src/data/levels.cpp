// What looks levels up: Pillow's ImageOps by way of Image.point, and histograms.
#include <algorithm>

#include "pixel_kernels.h"

namespace luvit {
namespace {

using Histogram = std::array<std::array<std::uint32_t, 256>, 3>;

// Two histograms in turn: equal neighbours would wait for each other's sums.
Histogram histogram(const Image& image) {
  std::array<Histogram, 2> parts{};
  const std::uint8_t* pixel = image.pixels.data();
  const auto count = static_cast<std::size_t>(image.height * image.width);
  for (std::size_t i = 0; i < count; ++i, pixel += 3)
    for (std::size_t c = 0; c < 3; ++c) ++parts[i % 2][c][pixel[c]];
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t level = 0; level < 256; ++level) parts[0][c][level] += parts[1][c][level];
  return parts[0];
}

void look_up(const Image& image, const std::array<Table, 3>& tables, Image& out) {
  out.height = image.height;
  out.width = image.width;
  out.pixels.resize(image.pixels.size());
  const std::uint8_t* from = image.pixels.data();
  std::uint8_t* to = out.pixels.data();
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)
    for (std::size_t c = 0; c < 3; ++c) to[i + c] = tables[c][from[i + c]];
}

Table unchanged() {
  Table table;
  for (std::size_t i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(i);
  return table;
}

Table stretched(const std::array<std::uint32_t, 256>& counts) {
  int low = 0, high = 255;
  while (low < 255 && counts[static_cast<std::size_t>(low)] == 0) ++low;
  while (high > 0 && counts[static_cast<std::size_t>(high)] == 0) --high;
  if (high <= low) return unchanged();
  const double scale = 255.0 / (high - low), offset = -low * scale;
  Table table;
  for (int i = 0; i < 256; ++i)
    table[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(std::clamp(static_cast<int>(i * scale + offset), 0, 255));
  return table;
}

Table equalized(const std::array<std::uint32_t, 256>& counts) {
  std::uint32_t total = 0, last = 0;
  for (const auto count : counts) {
    total += count;
    if (count) last = count;
  }
  const std::uint32_t step = (total - last) / 255;
  if (step == 0) return unchanged();  // one level only, or a small image
  Table table;
  std::uint32_t n = step / 2;
  for (std::size_t i = 0; i < 256; ++i) {
    table[i] = static_cast<std::uint8_t>(std::min<std::uint32_t>(n / step, 255));
    n += counts[i];
  }
  return table;
}

}  // namespace

void look_up(const Image& image, const Table& table, Image& out) {
  look_up(image, {table, table, table}, out);
}

void auto_contrast(const Image& image, Image& out) {
  const Histogram counts = histogram(image);
  look_up(image, {stretched(counts[0]), stretched(counts[1]), stretched(counts[2])}, out);
}

void equalize(const Image& image, Image& out) {
  const Histogram counts = histogram(image);
  look_up(image, {equalized(counts[0]), equalized(counts[1]), equalized(counts[2])}, out);
}

}  // namespace luvit
