#pragma once
#include <cstdint>
#include <string>

#include "luvit/core/files.h"
#include "luvit/data/image.h"

namespace luvit {

// An image as a page holds it.
struct Picture {
  std::string type;                    // "image/png"
  std::string bytes;                   // encoded; empty: there is none
  std::int64_t width = 0, height = 0;  // in pixels
};

// At most `longest` pixels long. Photographs become JPEG; images of up to 64×64 stay as they are, as PNG, and a page
// enlarges them without blur.
Picture picture_of(Image image, std::int64_t longest);
// The same of an image file; DataError where it cannot be read.
Picture picture_of(const fs::path& file, std::int64_t longest);

}  // namespace luvit
