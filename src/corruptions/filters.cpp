// Sums over neighbours. Each output number is a chain of additions in a fixed order; the chains of 32 neighbours run
// side by side in registers.
#include "filters.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "processors.h"

namespace luvit {
namespace {

using Doubles = double __attribute__((vector_size(64)));
constexpr std::int64_t lanes = 8, side_by_side = 4, block = lanes * side_by_side;

LUVIT_INLINE void load(Doubles& to, const double* from) {
  std::memcpy(&to, from, sizeof to);
}

// out[i] = centre·at[i] + Σ weight·(before[i] + after[i]), outermost neighbours first: the order of scipy's
// correlate1d. n is a multiple of `block`.
LUVIT_FOR_EACH_PROCESSOR
void weighted_pairs(const double* at, const double* const* before, const double* const* after, const double* weights,
                    std::int64_t radius, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; i += block) {
    Doubles sums[side_by_side];
    for (int k = 0; k < side_by_side; ++k) {
      load(sums[k], at + i + k * lanes);
      sums[k] *= weights[0];
    }
    for (std::int64_t j = radius; j > 0; --j) {
      const double* lower = before[j] + i;
      const double* upper = after[j] + i;
      const double weight = weights[j];
      for (int k = 0; k < side_by_side; ++k) {
        Doubles a, b;
        load(a, lower + k * lanes);
        load(b, upper + k * lanes);
        sums[k] += (a + b) * weight;
      }
    }
    std::memcpy(out + i, sums, sizeof sums);
  }
}

// out[i] = Σ weight·tap[i], in order.
LUVIT_FOR_EACH_PROCESSOR
void weighted_taps(const double* const* taps, const double* weights, std::int64_t count, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; i += block) {
    Doubles sums[side_by_side] = {};
    for (std::int64_t j = 0; j < count; ++j) {
      const double* tap = taps[j] + i;
      for (int k = 0; k < side_by_side; ++k) {
        Doubles a;
        load(a, tap + k * lanes);
        sums[k] += a * weights[j];
      }
    }
    std::memcpy(out + i, sums, sizeof sums);
  }
}

LUVIT_FOR_EACH_PROCESSOR
void round_to_single(double* values, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) values[i] = static_cast<double>(static_cast<float>(values[i]));
}

LUVIT_FOR_EACH_PROCESSOR
void add_rows(const double* one, const double* other, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = one[i] + other[i];
}

std::int64_t whole_blocks(std::int64_t n) {
  return (n + block - 1) / block * block;
}

// A row with `margin` pixels of border on both sides, and room for a whole last block.
class PaddedRow {
 public:
  PaddedRow(std::int64_t width, std::int64_t channels, std::int64_t margin, Border border)
      : width_(width), channels_(channels), margin_(margin), border_(border) {
    values_.resize(static_cast<std::size_t>(whole_blocks(width * channels) + 2 * margin * channels));
  }
  double* pixels() { return values_.data() + margin_ * channels_; }
  // The row moved by `pixels` to the left.
  const double* moved(std::int64_t by) const { return values_.data() + (margin_ + by) * channels_; }
  void fill_margins() {
    for (std::int64_t x = 1; x <= margin_; ++x) {
      copy_pixel(-x);
      copy_pixel(width_ - 1 + x);
    }
  }

 private:
  void copy_pixel(std::int64_t x) {
    std::copy_n(pixels() + inside(x, width_, border_) * channels_, channels_, pixels() + x * channels_);
  }
  std::int64_t width_, channels_, margin_;
  Border border_;
  std::vector<double> values_;
};

}  // namespace

std::int64_t inside(std::int64_t place, std::int64_t size, Border border) {
  if (place >= 0 && place < size) return place;
  if (border == Border::nearest || size == 1) return place < 0 ? 0 : size - 1;
  const std::int64_t period = border == Border::reflect ? 2 * size : 2 * size - 2;
  place = ((place % period) + period) % period;
  if (place < size) return place;
  return border == Border::reflect ? period - 1 - place : period - place;
}

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

Plane motion_blur(const Plane& in, int radius, double sigma, double angle) {
  const int width = 2 * radius + 1;
  std::vector<double> weights(static_cast<std::size_t>(width));
  for (int i = 0; i < width; ++i) {
    weights[static_cast<std::size_t>(i)] =
        std::exp(-static_cast<double>(i * i) / (2 * (sigma * sigma))) / (std::sqrt(2 * std::numbers::pi) * sigma);
  }
  const double sum = pairwise_sum(weights.data(), width);
  for (double& weight : weights) weight /= sum;

  const double radians = angle * (std::numbers::pi / 180);
  const double down = width * std::sin(radians), right = width * std::cos(radians), length = std::hypot(down, right);
  std::vector<std::int64_t> dy, dx;
  for (int i = 0; i < width; ++i) {
    const auto y = static_cast<std::int64_t>(std::ceil(i * down / length - 0.5));
    const auto x = static_cast<std::int64_t>(std::ceil(i * right / length - 0.5));
    if (std::abs(y) >= in.height() || std::abs(x) >= in.width()) break;  // the picture is smaller than the motion
    dy.push_back(y);
    dx.push_back(x);
  }

  std::vector<PaddedRow> rows(static_cast<std::size_t>(in.height()),
                              PaddedRow(in.width(), in.channels(), width, Border::nearest));
  for (std::int64_t y = 0; y < in.height(); ++y) {
    auto& row = rows[static_cast<std::size_t>(y)];
    std::copy_n(in.row(y), in.row_size(), row.pixels());
    row.fill_margins();
  }
  Plane out(in.height(), in.width(), in.channels());
  std::vector<double> result(static_cast<std::size_t>(whole_blocks(in.row_size())));
  std::vector<const double*> taps(dy.size());
  for (std::int64_t y = 0; y < in.height(); ++y) {
    for (std::size_t i = 0; i < taps.size(); ++i) {
      const std::int64_t from = inside(y + dy[i], in.height(), Border::nearest);
      taps[i] = rows[static_cast<std::size_t>(from)].moved(dx[i]);
    }
    weighted_taps(taps.data(), weights.data(), static_cast<std::int64_t>(taps.size()),
                  static_cast<std::int64_t>(result.size()), result.data());
    std::copy_n(result.data(), in.row_size(), out.row(y));
  }
  return out;
}

Plane symmetric_filter(const Plane& in, const std::vector<double>& quadrant, std::int64_t radius) {
  Plane out(in.height(), in.width(), in.channels());
  const std::int64_t n = in.row_size();
  const std::vector<PaddedRow> empty(static_cast<std::size_t>(radius + 1),
                                     PaddedRow(in.width(), in.channels(), radius, Border::mirror));
  auto folded = empty;  // for each dy: the sum of the two rows that far away
  std::vector<double> result(static_cast<std::size_t>(whole_blocks(n))), sum(result.size());
  std::vector<const double*> before(static_cast<std::size_t>(radius + 1)), after(before.size());
  for (std::int64_t y = 0; y < in.height(); ++y) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (std::int64_t dy = 0; dy <= radius; ++dy) {
      const double* weights = quadrant.data() + dy * (radius + 1);
      std::int64_t reach = radius;
      while (reach >= 0 && weights[reach] == 0) --reach;
      if (reach < 0) continue;
      auto& row = folded[static_cast<std::size_t>(dy)];
      if (dy == 0) {
        std::copy_n(in.row(y), n, row.pixels());
      } else {
        add_rows(in.row(inside(y - dy, in.height(), Border::mirror)),
                 in.row(inside(y + dy, in.height(), Border::mirror)), n, row.pixels());
      }
      row.fill_margins();
      for (std::int64_t dx = 1; dx <= reach; ++dx) {
        before[static_cast<std::size_t>(dx)] = row.moved(-dx);
        after[static_cast<std::size_t>(dx)] = row.moved(dx);
      }
      weighted_pairs(row.pixels(), before.data(), after.data(), weights, reach,
                     static_cast<std::int64_t>(result.size()), result.data());
      add_rows(sum.data(), result.data(), n, sum.data());
    }
    std::copy_n(sum.data(), n, out.row(y));
  }
  return out;
}

}  // namespace luvit
