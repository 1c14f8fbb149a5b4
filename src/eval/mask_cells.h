#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "luvit/data/evaluation_reader.h"
#include "luvit/data/image.h"

namespace luvit {

// What a cell of the token grid shows (the numbers that analysis/NAME.safetensors holds).
enum Cell : std::uint8_t { background = 0, foreground = 1, ignored = 2 };

// A mask of ImageNet-S, id = red + 256·green of each pixel, on the grid of patches, row by row [grid²]. A cell's
// footprint are the original pixels that its patch covers in part or whole, back through crop and resizing. Any pixel
// of a class makes it foreground; else one to be ignored (id 1000), ignored; else it is background, as where black
// margins are (paper, appendix B.3).
std::vector<std::uint8_t> mask_cells(const Image& mask, const EvaluationView& view, std::int64_t grid);

// The same of the file. DataError naming both where it is no image of the size of `image`, which it belongs to.
std::vector<std::uint8_t> read_mask_cells(const std::string& mask, const std::string& image, const EvaluationView& view,
                                          std::int64_t grid);

}  // namespace luvit
