#include <algorithm>
#include <cmath>
#include <numbers>

#include "rows.h"

namespace luvit {

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

}  // namespace luvit
