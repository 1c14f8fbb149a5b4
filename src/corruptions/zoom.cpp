#include "zoom.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "processors.h"

namespace luvit {
namespace {

// Where the numbers of one axis come from: two neighbours and their weights. A place beyond the last corner (by a
// rounding error) has none, scipy's constant 0.
struct Tap {
  std::int64_t first, second;
  double weight_first, weight_second;
};

std::vector<Tap> axis(std::int64_t size, double factor) {
  const auto middle = static_cast<std::int64_t>(std::ceil(static_cast<double>(size) / factor));
  const std::int64_t start = (size - middle) / 2;
  const auto zoomed = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(middle) * factor));
  const double step = zoomed > 1 ? static_cast<double>(middle - 1) / static_cast<double>(zoomed - 1) : 1.0;
  std::vector<Tap> taps(static_cast<std::size_t>(zoomed));
  for (std::int64_t i = 0; i < zoomed; ++i) {
    const double place = static_cast<double>(i) * step;
    if (place > static_cast<double>(middle - 1)) continue;  // zeros
    const auto first = static_cast<std::int64_t>(std::floor(place));
    const double weight = 1.0 - (place - static_cast<double>(first));
    taps[static_cast<std::size_t>(i)] = {start + first, start + std::min(first + 1, middle - 1), weight, 1.0 - weight};
  }
  return taps;
}

// scipy's order: each of the four numbers times its row's weight, then its column's, and then the sum.
template <int channels, typename Number>
void zoom_row(const double* upper, const double* lower, const Tap* taps, std::int64_t width, Number* out) {
  for (std::int64_t x = 0; x < width; ++x) {
    const Tap& tap = taps[x];
    const double *a = upper + tap.first * channels, *b = upper + tap.second * channels;
    const double *c = lower + tap.first * channels, *d = lower + tap.second * channels;
    for (int k = 0; k < channels; ++k) {
      out[x * channels + k] = static_cast<Number>(a[k] * tap.weight_first + b[k] * tap.weight_second +
                                                  c[k] * tap.weight_first + d[k] * tap.weight_second);
    }
  }
}

template <typename Number>
LUVIT_INLINE void weigh(const Number* in, double weight, std::int64_t n, double* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<double>(in[i]) * weight;
}
LUVIT_FOR_EACH_PROCESSOR void weigh_row(const double* in, double weight, std::int64_t n, double* out) {
  weigh(in, weight, n, out);
}
LUVIT_FOR_EACH_PROCESSOR void weigh_row(const float* in, double weight, std::int64_t n, double* out) {
  weigh(in, weight, n, out);
}

}  // namespace

template <typename Number>
PlaneOf<Number> zoomed_middle(const PlaneOf<Number>& in, double factor) {
  const auto down = axis(in.height(), factor), across = axis(in.width(), factor);
  const auto height = static_cast<std::int64_t>(down.size()), width = static_cast<std::int64_t>(across.size());
  PlaneOf<Number> out(height, width, in.channels());
  std::vector<double> upper(static_cast<std::size_t>(in.row_size())), lower(upper.size());
  for (std::int64_t y = 0; y < height; ++y) {
    const Tap& tap = down[static_cast<std::size_t>(y)];
    weigh_row(in.row(tap.first), tap.weight_first, in.row_size(), upper.data());
    weigh_row(in.row(tap.second), tap.weight_second, in.row_size(), lower.data());
    if (in.channels() == 1) {
      zoom_row<1>(upper.data(), lower.data(), across.data(), width, out.row(y));
    } else {
      zoom_row<3>(upper.data(), lower.data(), across.data(), width, out.row(y));
    }
  }
  return out;
}

template PlaneOf<double> zoomed_middle(const PlaneOf<double>&, double);
template PlaneOf<float> zoomed_middle(const PlaneOf<float>&, double);

}  // namespace luvit
