#pragma once

namespace luvit {

// Distribution functions and their inverses: relative errors of 1e-11 at most, far into the tails too, for parameters
// and degrees of freedom up to 10⁵ (beyond, the last digits go one by one).

// The regularised incomplete beta function I_x(a, b), a and b > 0, 0 ≤ x ≤ 1.
double incomplete_beta(double a, double b, double x);

double normal_quantile(double p);  // of N(0, 1), 0 < p < 1

// Student's t with `df` > 0 degrees of freedom, which need not be whole (Welch).
double student_t_cdf(double t, double df);
double student_t_quantile(double p, double df);   // 0 < p < 1
double student_t_two_sided(double t, double df);  // the chance of a |t| at least so large

}  // namespace luvit
