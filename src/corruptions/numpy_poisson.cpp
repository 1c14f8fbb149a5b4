#include <array>
#include <cmath>

#include "luvit/corruptions/numpy_random.h"

namespace luvit {
namespace {

// Above this mean numpy goes over from products of uniform numbers to transformed rejection.
constexpr double rejection_from = 10;

// log Γ(x) by Stirling's series from 7 on, below by the recurrence: numpy's own, since the last bits decide.
double log_gamma(double x) {
  static constexpr double series[] = {8.333333333333333e-02,  -2.777777777777778e-03, 7.936507936507937e-04,
                                      -5.952380952380952e-04, 8.417508417508418e-04,  -1.917526917526918e-03,
                                      6.410256410256410e-03,  -2.955065359477124e-02, 1.796443723688307e-01,
                                      -1.39243221690590e+00};
  constexpr double log_2_pi = 1.8378770664093453e+00;
  if (x == 1.0 || x == 2.0) return 0.0;
  const int steps = x < 7.0 ? static_cast<int>(7 - x) : 0;
  double up = x + steps;
  const double inverse_square = (1.0 / up) * (1.0 / up);
  double sum = series[9];
  for (int k = 8; k >= 0; --k) sum = sum * inverse_square + series[k];
  double result = sum / up + 0.5 * log_2_pi + (up - 0.5) * std::log(up) - up;
  for (int k = 0; k < steps; ++k) {
    result -= std::log(up - 1.0);
    up -= 1.0;
  }
  return result;
}

// log k!, most of them from a table.
double log_factorial(std::int64_t k) {
  static const auto table = [] {
    std::array<double, 256> values;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = log_gamma(static_cast<double>(i) + 1);
    return values;
  }();
  return k < 256 ? table[static_cast<std::size_t>(k)] : log_gamma(static_cast<double>(k) + 1);
}

std::int64_t floored(double x) {
  const auto towards_zero = static_cast<std::int64_t>(x);
  return towards_zero - (static_cast<double>(towards_zero) > x);
}

}  // namespace

NumpyPoisson::NumpyPoisson(double mean) : mean_(mean) {
  if (mean < rejection_from) {
    exp_minus_mean_ = std::exp(-mean);
    return;
  }
  log_mean_ = std::log(mean);
  b_ = 0.931 + 2.53 * std::sqrt(mean);
  a_ = -0.059 + 0.02483 * b_;
  log_inverse_alpha_ = std::log(1.1239 + 1.1328 / (b_ - 3.4));
  v_r_ = 0.9277 - 3.6224 / (b_ - 2);
}

std::int64_t NumpyPoisson::operator()(NumpyRandom& random) const {
  if (mean_ >= rejection_from) return by_rejection(random);
  return mean_ == 0 ? 0 : by_products(random);
}

std::int64_t NumpyPoisson::by_products(NumpyRandom& random) const {
  std::int64_t count = 0;
  for (double product = random.random_sample(); product > exp_minus_mean_; product *= random.random_sample()) ++count;
  return count;
}

// PTRS of Hörmann, "The transformed rejection method for generating Poisson random variables", 1993.
std::int64_t NumpyPoisson::by_rejection(NumpyRandom& random) const {
  while (true) {
    const double u = random.random_sample() - 0.5, v = random.random_sample();
    const double edge = 0.5 - std::fabs(u);
    const std::int64_t k = floored((2 * a_ / edge + b_) * u + mean_ + 0.43);
    if (edge >= 0.07 && v <= v_r_) return k;
    if (k < 0 || (edge < 0.013 && v > edge)) continue;
    if (std::log(v) + log_inverse_alpha_ - std::log(a_ / (edge * edge) + b_) <=
        -mean_ + static_cast<double>(k) * log_mean_ - log_factorial(k)) {
      return k;
    }
  }
}

}  // namespace luvit
