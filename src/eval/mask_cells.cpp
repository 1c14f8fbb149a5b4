#include "mask_cells.h"

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "luvit/data/transforms.h"

namespace luvit {
namespace {

constexpr int ignore_id = 1000;

struct Span {
  std::int64_t first = 0, last = 0;
};

// Original rows (or columns) that patch `place` of `side` resized pixels covers: from floor to ceil.
Span footprint(std::int64_t place, std::int64_t side, std::int64_t start, std::int64_t resized, std::int64_t original) {
  const std::int64_t from = std::clamp<std::int64_t>(start + place * side, 0, resized);
  const std::int64_t to = std::clamp<std::int64_t>(start + (place + 1) * side, 0, resized);
  if (from == to) return {};  // in the margin
  return {from * original / resized, (to * original + resized - 1) / resized};
}

Cell cell_of(const Image& mask, const Span& rows, const Span& columns) {
  bool any_ignored = false;
  for (std::int64_t y = rows.first; y < rows.last; ++y) {
    const std::uint8_t* pixel = mask.pixels.data() + (y * mask.width + columns.first) * 3;
    for (std::int64_t x = columns.first; x < columns.last; ++x, pixel += 3) {
      const int id = pixel[0] + 256 * pixel[1];
      if (id == ignore_id)
        any_ignored = true;
      else if (id != 0)
        return foreground;
    }
  }
  return any_ignored ? ignored : background;
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::vector<std::uint8_t> mask_cells(const Image& mask, const EvaluationView& view, std::int64_t grid) {
  const ViewPlace place = evaluation_place({mask.height, mask.width}, view.resize, view.crop, "mask");
  const std::int64_t side = view.crop / grid;
  std::vector<Span> rows, columns;
  for (std::int64_t i = 0; i < grid; ++i) {
    rows.push_back(footprint(i, side, place.top, place.resized.height, mask.height));
    columns.push_back(footprint(i, side, place.left, place.resized.width, mask.width));
  }
  std::vector<std::uint8_t> cells;
  cells.reserve(static_cast<std::size_t>(grid * grid));
  for (const Span& row : rows)
    for (const Span& column : columns) cells.push_back(cell_of(mask, row, column));
  return cells;
}

std::vector<std::uint8_t> read_mask_cells(const std::string& mask, const std::string& image, const EvaluationView& view,
                                          std::int64_t grid) {
  const std::string encoded = read_file(mask);
  const Image pixels = decode(bytes_of(encoded), mask);
  const ImageSize size = image_size(bytes_of(read_file(image)), image);
  if (pixels.height != size.height || pixels.width != size.width)
    throw DataError(str(mask, ": a mask of ", pixels.width, "×", pixels.height, " pixels; its image ", image, " has ",
                        size.width, "×", size.height),
                    "masks are as large as the original images: were the images resized afterwards?");
  return mask_cells(pixels, view, grid);
}

}  // namespace luvit
