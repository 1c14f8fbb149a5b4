#include "luvit/core/random.h"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "philox.h"

namespace luvit {
namespace {

std::array<std::uint32_t, 2> words(std::uint64_t value) {
  return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)};
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < philox_rounds; ++round)
    philox_round(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return counter;
}

// Counter: 64 bits of block number, 64 of sample, so that streams of one key never meet. Seed, epoch and purpose are
// mixed into the key by Philox itself.
Random::Random(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, Purpose purpose) {
  auto e = words(epoch), s = words(sample);
  auto mixed = philox({e[0], e[1], static_cast<std::uint32_t>(purpose), 0}, words(seed));
  key_ = {mixed[0], mixed[1]};
  counter_ = {0, 0, s[0], s[1]};
}

// The name is absorbed eight bytes at a time, its length last.
Random::Random(std::uint64_t seed, std::string_view name, Purpose purpose) {
  key_ = words(seed);
  auto absorb = [&](std::uint64_t value, std::uint32_t tag) {
    auto w = words(value);
    auto mixed = philox({w[0], w[1], static_cast<std::uint32_t>(purpose), tag}, key_);
    key_ = {mixed[0], mixed[1]};
  };
  for (std::size_t at = 0; at < name.size(); at += 8) {
    std::uint64_t part = 0;
    for (std::size_t i = at; i < std::min(at + 8, name.size()); ++i)
      part |= static_cast<std::uint64_t>(static_cast<unsigned char>(name[i])) << 8 * (i - at);
    absorb(part, 1);
  }
  absorb(name.size(), 2);
}

void Random::refill() {
  block_ = philox(counter_, key_);
  if (++counter_[0] == 0) ++counter_[1];
  used_ = 0;
}

std::uint32_t Random::bits() {
  if (used_ == 4) refill();
  return block_[static_cast<std::size_t>(used_++)];
}

double Random::uniform() {
  std::uint64_t high = bits();
  return static_cast<double>((high << 32 | bits()) >> 11) * 0x1p-53;
}

float Random::uniform_float() {
  return static_cast<float>(bits() >> 8) * 0x1p-24f;
}

double Random::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

double Random::normal() {
  double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

// Lemire, "Fast random integer generation in an interval", 2019.
std::uint64_t Random::below(std::uint64_t n) {
  if (n == 0) throw std::invalid_argument("Random::below(0)");
  const std::uint64_t threshold = (0 - n) % n;  // 2^64 mod n: products below it would be one too many
  while (true) {
    std::uint64_t high = bits();
    auto product = static_cast<unsigned __int128>(high << 32 | bits()) * n;
    if (static_cast<std::uint64_t>(product) >= threshold) return static_cast<std::uint64_t>(product >> 64);
  }
}

Permutation::Permutation(std::uint64_t n, std::uint64_t seed, std::uint64_t epoch) : n_(n), half_bits_(1) {
  while (half_bits_ < 32 && (std::uint64_t{1} << 2 * half_bits_) < n) ++half_bits_;
  Random random(seed, epoch, 0, Purpose::order);
  for (auto& key : keys_) key = static_cast<std::uint64_t>(random.bits()) << 32 | random.bits();
}

// The network permutes 2·half_bits_ bits, at most four times as many numbers as n; a result outside 0 … n-1 goes
// through it again (cycle walking), which leaves a permutation of 0 … n-1.
std::uint64_t Permutation::operator()(std::uint64_t position) const {
  if (position >= n_) throw std::out_of_range("Permutation: position outside its range");
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t value = position;
  do {
    std::uint64_t left = value >> half_bits_, right = value & mask;
    for (std::uint64_t key : keys_) {
      // The finaliser of SplitMix64; its high bits are the best mixed.
      std::uint64_t mix = (right + 1) * 0x9e3779b97f4a7c15u ^ key;
      mix = (mix ^ mix >> 30) * 0xbf58476d1ce4e5b9u;
      mix = (mix ^ mix >> 27) * 0x94d049bb133111ebu;
      left ^= mix >> (64 - half_bits_);
      std::swap(left, right);
    }
    value = left << half_bits_ | right;
  } while (value >= n_);
  return value;
}

}  // namespace luvit
