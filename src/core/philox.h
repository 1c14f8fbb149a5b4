#pragma once
#include <cstdint>

namespace luvit {

// Philox 4x32-10 of Random123, written on plain words so that the same lines serve one block and a vector of them.
inline constexpr int philox_rounds = 10;

inline __attribute__((always_inline)) void philox_round(std::uint32_t& c0, std::uint32_t& c1, std::uint32_t& c2,
                                                        std::uint32_t& c3, std::uint32_t& k0, std::uint32_t& k1) {
  const std::uint64_t product0 = std::uint64_t{0xd2511f53} * c0, product1 = std::uint64_t{0xcd9e8d57} * c2;
  const auto high0 = static_cast<std::uint32_t>(product0 >> 32), high1 = static_cast<std::uint32_t>(product1 >> 32);
  c0 = high1 ^ c1 ^ k0;
  c1 = static_cast<std::uint32_t>(product1);
  c2 = high0 ^ c3 ^ k1;
  c3 = static_cast<std::uint32_t>(product0);
  k0 += 0x9e3779b9;
  k1 += 0xbb67ae85;
}

}  // namespace luvit
