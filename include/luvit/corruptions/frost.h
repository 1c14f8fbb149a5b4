#pragma once
#include <vector>

#include "luvit/core/files.h"
#include "luvit/data/image.h"

namespace luvit {

// The pictures of frozen windows that the corruption "frost" lays over an image. They are not ours to pass on: set-up
// installs them with the package imagecorruptions.
class Frost {
 public:
  Frost() = default;  // none: for the other corruptions

  // frost1.png, frost2.png, frost3.png, frost4.jpg, frost5.jpg of a folder. DataError naming what is missing.
  explicit Frost(const fs::path& folder);

  bool empty() const { return pictures_.empty(); }
  int size() const { return static_cast<int>(pictures_.size()); }
  const Image& picture(int i) const { return pictures_.at(static_cast<std::size_t>(i)); }

 private:
  std::vector<Image> pictures_;
};

// Where set-up has put the pictures: imagecorruptions' folder in the .venv of the working directory or of this
// source tree. DataError naming the places tried.
fs::path installed_frost();

}  // namespace luvit
