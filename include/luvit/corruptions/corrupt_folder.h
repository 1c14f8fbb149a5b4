#pragma once
#include <cstdint>

#include "luvit/corruptions/corruption.h"

namespace luvit {

struct CorruptFolderOptions {
  fs::path in, out;
  Corruption corruption{};
  int severity = 1;
  Flavour flavour = Flavour::imagenet_c;
  std::uint64_t seed = 0;
  fs::path frost;  // empty: the installed one, where it is needed
};
struct CorruptedFolder {
  std::int64_t images = 0, other_files = 0, hidden = 0;  // those that are no images, and those that are hidden
};

// Writes a corrupted copy of every image below `in` to the same folder and stem below `out`: .png of the image's size
// (imagecorruptions), or 224×224 as .JPEG of quality 85 (imagenet_c). Last comes out/seeds.csv (path,seed), so where
// that stands all is there; a run that was stopped is done again over what it left, and gives the same bytes.
// On all cores. DataError where two images would get one name, where one cannot be read, and where none is there;
// UsageError where one folder lies in the other.
CorruptedFolder corrupt_folder(const CorruptFolderOptions& options);

}  // namespace luvit
