#pragma once
#include <string>
#include <string_view>

namespace luvit {

// True for the extensions that are images (jpg jpeg png webp bmp tif tiff, any case). "a/b.JPG" → true.
bool has_image_extension(std::string_view name);
// The same for a bare extension without its dot.
bool is_image_extension(std::string_view extension);

inline constexpr const char* image_extensions_text = "jpg jpeg png webp bmp tif tiff";

}  // namespace luvit
