#include "luvit/statistics/distributions.h"

#include <math.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

namespace luvit {
namespace {

// std::lgamma keeps a sign in a global variable; this form does not.
double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

// log Γ(x) less Stirling's (x − 1/2) log x − x + log √2π, for x ≥ 10 (DLMF 5.11.1).
double stirling_rest(double x) {
  const double z = 1 / (x * x);
  return (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z / 1188)))) / x;
}

// log B(a, b). Logarithms of large gammas cancel almost wholly, so for a large b the cancellation is done by hand.
double log_beta(double a, double b) {
  if (a > b) std::swap(a, b);
  if (b < 10) return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
  const double share = a / (a + b), rest = stirling_rest(b) - stirling_rest(a + b);
  if (a < 10) return log_gamma(a) + rest + a - a * std::log(a + b) + (b - 0.5) * std::log1p(-share);
  return std::log(2 * std::numbers::pi / b) / 2 + stirling_rest(a) + rest + (a - 0.5) * std::log(share) +
         b * std::log1p(-share);
}

// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method. It converges fast for
// x below (a + 1) / (a + b + 2), in about √max(a, b) terms.
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = std::numeric_limits<double>::min() * 1e10;
  auto nonzero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
  double c = 1, d = 1 / nonzero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m < 100000; ++m) {
    auto take = [&](double term) {
      d = 1 / nonzero(1 + term * d);
      c = nonzero(1 + term / c);
      value *= c * d;
      return c * d;
    };
    take(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
    const double change = take(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)));
    if (std::abs(change - 1) < 1e-16) break;
  }
  return value;
}

// I_x(a, b) with y = 1 − x given too: near 1 the difference would lose what counts.
double incomplete_beta(double a, double b, double x, double y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const double log_x = y < 0.5 ? std::log1p(-y) : std::log(x), log_y = x < 0.5 ? std::log1p(-x) : std::log(y);
  const double front = std::exp(a * log_x + b * log_y - log_beta(a, b));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, y) / b;
}

double upper_tail(double t, double df) {  // of Student's t, for t ≥ 0
  return incomplete_beta(df / 2, 0.5, df / (df + t * t), t * t / (df + t * t)) / 2;
}

// Where a tail that falls from 1/2 at 0 is `q`: Newton's method, inside a bracket that shrinks.
template <typename Tail, typename Density>
double invert_tail(double q, Tail tail, Density density) {
  double low = 0, high = 1;
  while (tail(high) > q) {
    low = high;
    high *= 2;
  }
  double t = (low + high) / 2;
  for (int i = 0; i < 200; ++i) {
    const double error = tail(t) - q;
    (error > 0 ? low : high) = t;
    double next = t + error / density(t);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - t) <= 1e-16 * next) return next;
    t = next;
  }
  return t;
}

// A symmetric distribution's quantile by its upper tail.
template <typename Tail, typename Density>
double symmetric_quantile(double p, Tail tail, Density density) {
  if (!(p > 0 && p < 1)) throw std::invalid_argument("a quantile's p lies between 0 and 1");
  if (p == 0.5) return 0;
  return p < 0.5 ? -invert_tail(p, tail, density) : invert_tail(1 - p, tail, density);
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) throw std::invalid_argument("incomplete_beta: a, b > 0 and 0 ≤ x ≤ 1");
  return incomplete_beta(a, b, x, 1 - x);
}

double normal_quantile(double p) {
  return symmetric_quantile(
      p, [](double z) { return std::erfc(z / std::numbers::sqrt2) / 2; },
      [](double z) { return std::exp(-z * z / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2; });
}

double student_t_cdf(double t, double df) {
  return t > 0 ? 1 - upper_tail(t, df) : upper_tail(-t, df);
}

double student_t_two_sided(double t, double df) {
  return 2 * upper_tail(std::abs(t), df);
}

double student_t_quantile(double p, double df) {
  if (!(df > 0)) throw std::invalid_argument("Student's t has more than 0 degrees of freedom");
  const double scale = std::exp(-log_beta(df / 2, 0.5)) / std::sqrt(df);
  return symmetric_quantile(
      p, [=](double t) { return upper_tail(t, df); },
      [=](double t) { return scale * std::exp(-(df + 1) / 2 * std::log1p(t * t / df)); });
}

}  // namespace luvit
