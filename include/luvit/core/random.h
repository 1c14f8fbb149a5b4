#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace luvit {

// What a draw is for. Part of the key, so that two uses never share numbers. Append only: a changed value
// changes every run.
enum class Purpose : std::uint32_t {
  order = 1,  // the permutation of samples
  crop = 2,
  flip = 3,
  mask = 4,         // MAE's noise
  replacement = 5,  // which sample stands in for an unreadable one
  initial = 6,      // initial weights
  dropout = 7,      // LoRA's
  drop_path = 8,
  augment = 9,
  erase = 10,
  mix = 11,
  synthetic = 12,  // benchmarks and tests
  evaluation_mask = 13,
  bootstrap = 14,    // statistics
  corruption = 15,   // seeds of numpy's generator
  probe_label = 16,  // labels that are none, a control of gradient noise
};

// Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011). A stream is a pure function of its key; there is no state to save and none to share.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample, Purpose purpose);
  // A stream for a named thing, e.g. a tensor's initial values.
  Random(std::uint64_t seed, std::string_view name, Purpose purpose);

  std::uint32_t bits();                     // 32 random bits
  double uniform();                         // [0, 1), 53 bits
  float uniform_float();                    // [0, 1), 24 bits
  double uniform(double low, double high);  // [low, high)
  double normal();                          // N(0, 1), Box-Muller
  std::uint64_t below(std::uint64_t n);     // 0 … n-1, unbiased

  // Many at once, vectorised, from the next whole block on: not the numbers that n single draws would give. The same
  // bits on every processor (normal values by Box-Muller in float32, with sine, cosine and logarithm of our own).
  void fill_uniform(float* out, std::int64_t n);  // [0, 1)
  void fill_uniform(float* out, std::int64_t n, float low, float high);
  void fill_normal(float* out, std::int64_t n, float mean, float deviation);

 private:
  template <typename Turn>
  void fill(float* out, std::int64_t n, Turn turn);
  std::array<std::uint32_t, 4> counter_{};
  std::array<std::uint32_t, 2> key_{};
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
  void refill();
};

// One Philox 4x32-10 block, for known-answer tests.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// A seeded permutation of 0 … n-1, computed element by element (a Feistel network with cycle walking),
// so that a billion samples need no table and any position is found in O(1).
class Permutation {
 public:
  Permutation(std::uint64_t n, std::uint64_t seed, std::uint64_t epoch);
  std::uint64_t operator()(std::uint64_t position) const;
  std::uint64_t size() const { return n_; }

 private:
  std::uint64_t n_ = 0;
  int half_bits_ = 0;
  std::array<std::uint64_t, 12> keys_{};  // one a round
};

}  // namespace luvit
