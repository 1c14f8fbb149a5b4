#include "image_names.h"

#include <array>

namespace luvit {

bool is_image_extension(std::string_view extension) {
  static constexpr std::array<std::string_view, 7> known = {"jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"};
  std::string lower(extension);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::find(known.begin(), known.end(), lower) != known.end();
}

bool has_image_extension(std::string_view name) {
  const auto dot = name.rfind('.');
  const auto slash = name.rfind('/');
  if (dot == std::string_view::npos || (slash != std::string_view::npos && dot < slash)) return false;
  return is_image_extension(name.substr(dot + 1));
}

}  // namespace luvit
