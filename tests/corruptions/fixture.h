#pragma once
#include <ATen/ATen.h>

#include "luvit/core/files.h"
#include "luvit/corruptions/corruption.h"
#include "luvit/io/safetensors.h"

namespace luvit {

inline fs::path fixture_path(const std::string& name) {
  return fs::path(LUVIT_SOURCE_DIR) / "tests/parity/fixtures" / ("corruptions_" + name);
}

// uint8 [H,W,3] as an image.
inline Image image_of(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  const auto* first = whole.data_ptr<std::uint8_t>();
  return {whole.size(0), whole.size(1), {first, first + whole.numel()}};
}
inline at::Tensor tensor_of(const Image& image) {
  return at::from_blob(const_cast<std::uint8_t*>(image.pixels.data()), {image.height, image.width, 3}, at::kByte)
      .clone();
}
inline Image read_image(const fs::path& path) {
  const std::string bytes = read_file(path);
  return decode({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, path.string());
}

// The seed that the fixtures were made with.
inline std::uint32_t fixture_seed(Corruption corruption, int severity) {
  return static_cast<std::uint32_t>(1000 * static_cast<int>(corruption) + severity);
}
// The pictures of frost are installed by set-up and not committed.
inline bool frost_installed() {
  try {
    installed_frost();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace luvit
