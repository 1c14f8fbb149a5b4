#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace luvit {

// CRC-32C (Castagnoli) as TFRecord frames use it.
inline std::uint32_t crc32c(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  std::uint32_t c = ~0u;
  for (char byte : bytes) c = table[(c ^ static_cast<unsigned char>(byte)) & 0xff] ^ c >> 8;
  return ~c;
}

// A checksum of data that holds its own checksums: rotated and shifted (tensorflow/core/lib/hash/crc32c.h).
inline std::uint32_t masked_crc32c(std::string_view bytes) {
  std::uint32_t c = crc32c(bytes);
  return (c >> 15 | c << 17) + 0xa282ead8u;
}

}  // namespace luvit
