#pragma once
#include <cstdint>

namespace luvit {

struct Interval {
  double low = 0, high = 0;
};

// Wilson's score interval of a share, `successes` of `n` (no continuity correction). n = 0: nothing is known, [0, 1].
Interval wilson_interval(std::int64_t successes, std::int64_t n, double level = 0.95);

// A share with its interval, and Newcombe's interval (1998, method 10) of the difference of two independent ones,
// second − first: the way from one Wilson bound to the other.
struct Share {
  std::int64_t successes = 0, n = 0;
  double value() const { return n ? static_cast<double>(successes) / static_cast<double>(n) : 0; }
};
Interval newcombe_interval(const Share& first, const Share& second, double level = 0.95);

}  // namespace luvit
