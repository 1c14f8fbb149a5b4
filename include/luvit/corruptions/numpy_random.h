#pragma once
#include <array>
#include <cstdint>

namespace luvit {

// numpy.random's legacy generator (RandomState; its stream is frozen since numpy 1.16): MT19937 and numpy's own ways
// to make other numbers of its bits. Equal to numpy's to the last bit where log, exp and sqrt are.
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed);  // numpy.random.seed(seed)

  std::uint32_t bits() {
    if (next_ == size) refill();
    return words_[static_cast<std::size_t>(next_++)];
  }
  double random_sample() {  // [0, 1), 53 bits
    if (next_ % 2 == 0 && next_ < size) {
      next_ += 2;
      return units_[static_cast<std::size_t>(next_ / 2 - 1)];
    }
    const std::uint32_t high = bits() >> 5, low = bits() >> 6;  // a pair that the others have shifted
    return unit(high, low);
  }
  double uniform(double low, double high) { return low + (high - low) * random_sample(); }
  double standard_normal();                                    // Marsaglia's polar method; every second is kept back
  std::int64_t randint(std::int64_t low, std::int64_t above);  // low … above-1, by masks and rejection

  // The same numbers as n calls, faster.
  void fill_random_sample(double* out, std::int64_t n);
  void fill_standard_normal(double* out, std::int64_t n);

 private:
  static constexpr int size = 624;  // MT19937's words of state
  static double unit(std::uint32_t high27, std::uint32_t low26) {
    return (static_cast<std::int32_t>(high27) * 67108864.0 + static_cast<std::int32_t>(low26)) * 0x1p-53;
  }
  void refill();

  std::array<std::uint32_t, size> state_, words_;  // words_: the state, tempered
  std::array<double, size / 2> units_;             // and by pairs as numbers of [0, 1)
  int next_ = size;
  double kept_normal_ = 0;
  bool has_normal_ = false;
};

// numpy.random.poisson for one mean; what depends on the mean alone is computed once.
class NumpyPoisson {
 public:
  NumpyPoisson() = default;
  explicit NumpyPoisson(double mean);
  std::int64_t operator()(NumpyRandom& random) const;

 private:
  std::int64_t by_products(NumpyRandom& random) const;
  std::int64_t by_rejection(NumpyRandom& random) const;

  double mean_ = 0;
  double exp_minus_mean_ = 1;                                              // means below 10
  double log_mean_ = 0, a_ = 0, b_ = 0, log_inverse_alpha_ = 0, v_r_ = 0;  // the others
};

}  // namespace luvit
