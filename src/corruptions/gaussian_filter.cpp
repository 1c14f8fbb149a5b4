#include <algorithm>
#include <cmath>

#include "processors.h"
#include "rows.h"

namespace luvit {
namespace {

LUVIT_FOR_EACH_PROCESSOR
void round_to_single(double* values, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) values[i] = static_cast<double>(static_cast<float>(values[i]));
}

}  // namespace

double pairwise_sum(const double* values, std::int64_t n) {
  if (n < 8) {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += values[i];
    return sum;
  }
  if (n > 128) {
    const std::int64_t half = n / 2 / 8 * 8;
    return pairwise_sum(values, half) + pairwise_sum(values + half, n - half);
  }
  double r[8];
  std::copy_n(values, 8, r);
  std::int64_t i = 8;
  for (; i < n - n % 8; i += 8) {
    for (int k = 0; k < 8; ++k) r[k] += values[i + k];
  }
  double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
  for (; i < n; ++i) sum += values[i];
  return sum;
}

std::vector<double> gaussian_weights(double sigma, double truncate) {
  const auto radius = static_cast<std::int64_t>(truncate * sigma + 0.5);
  std::vector<double> both(static_cast<std::size_t>(2 * radius + 1));
  for (std::int64_t x = -radius; x <= radius; ++x) {
    both[static_cast<std::size_t>(x + radius)] = std::exp(-0.5 / (sigma * sigma) * static_cast<double>(x * x));
  }
  const double sum = pairwise_sum(both.data(), 2 * radius + 1);
  std::vector<double> half(both.begin() + radius, both.end());
  for (double& weight : half) weight /= sum;
  return half;
}

Plane gaussian_filter(const Plane& in, const GaussianOptions& options) {
  const auto down = gaussian_weights(options.sigma_y, options.truncate);
  const auto across = gaussian_weights(options.sigma_x, options.truncate);
  const auto radius_y = static_cast<std::int64_t>(down.size()) - 1;
  const auto radius_x = static_cast<std::int64_t>(across.size()) - 1;
  const std::int64_t n = in.row_size();
  Plane whole(in.height(), whole_blocks(n), 1);  // rows that a last block can be read from
  for (std::int64_t y = 0; y < in.height(); ++y) {
    std::copy_n(in.row(y), n, whole.row(y));
    std::fill(whole.row(y) + n, whole.row(y) + whole.row_size(), 0.0);
  }
  Plane out(in.height(), in.width(), in.channels());
  PaddedRow row(in.width(), in.channels(), radius_x, options.border);
  std::vector<double> result(static_cast<std::size_t>(whole_blocks(n)));
  std::vector<const double*> before(static_cast<std::size_t>(std::max(radius_y, radius_x) + 1)), after(before.size());
  for (std::int64_t y = 0; y < in.height(); ++y) {
    for (std::int64_t j = 1; j <= radius_y; ++j) {
      before[static_cast<std::size_t>(j)] = whole.row(inside(y - j, in.height(), options.border));
      after[static_cast<std::size_t>(j)] = whole.row(inside(y + j, in.height(), options.border));
    }
    weighted_pairs(whole.row(y), before.data(), after.data(), down.data(), radius_y, whole.row_size(), row.pixels());
    if (options.single) round_to_single(row.pixels(), n);
    row.fill_margins();
    for (std::int64_t j = 1; j <= radius_x; ++j) {
      before[static_cast<std::size_t>(j)] = row.moved(-j);
      after[static_cast<std::size_t>(j)] = row.moved(j);
    }
    weighted_pairs(row.pixels(), before.data(), after.data(), across.data(), radius_x, whole.row_size(), result.data());
    if (options.single) round_to_single(result.data(), n);
    std::copy_n(result.data(), n, out.row(y));
  }
  return out;
}

}  // namespace luvit
