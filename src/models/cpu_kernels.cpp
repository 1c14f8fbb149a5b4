#include "cpu_kernels.h"

#include <cmath>

#include "cpu_vector.h"

namespace luvit {

LUVIT_VECTOR void norm_forward(const Rows& rows, const float* weight, const float* bias, float eps, Bfloat16* y_all,
                               float* mean, float* inverse) {
  const std::int64_t n = rows.width;
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    const float* x = rows.data + r * n;
    Bfloat16* y = y_all + r * n;
    Floats total{}, squares{};
    for (std::int64_t i = 0; i < n; i += width) total += load(x + i);
    const float m = sum(total) / static_cast<float>(n);
    for (std::int64_t i = 0; i < n; i += width) {
      const Floats centred = load(x + i) - m;
      squares += centred * centred;
    }
    const float s = 1.0F / std::sqrt(sum(squares) / static_cast<float>(n) + eps);
    for (std::int64_t i = 0; i < n; i += width) store(y + i, (load(x + i) - m) * s * load(weight + i) + load(bias + i));
    mean[r] = m;
    inverse[r] = s;
  }
}

LUVIT_VECTOR void norm_backward(const Rows& rows, const Bfloat16* grad_all, const float* weight, const float* mean,
                                const float* inverse, float* grad_x_all, float* grad_weight, float* grad_bias) {
  const std::int64_t n = rows.width;
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    const float* x = rows.data + r * n;
    const Bfloat16* grad = grad_all + r * n;
    float* grad_x = grad_x_all + r * n;
    const float m = mean[r], s = inverse[r];
    Floats total{}, product{};
    for (std::int64_t i = 0; i < n; i += width) {
      const Floats normed = (load(x + i) - m) * s, g = load(grad + i), weighted = g * load(weight + i);
      total += weighted;
      product += weighted * normed;
      store(grad_weight + i, load(grad_weight + i) + g * normed);
      store(grad_bias + i, load(grad_bias + i) + g);
    }
    const float a = sum(total) / static_cast<float>(n), b = sum(product) / static_cast<float>(n);
    for (std::int64_t i = 0; i < n; i += width) {
      const Floats normed = (load(x + i) - m) * s;
      store(grad_x + i, (load(grad + i) * load(weight + i) - a - normed * b) * s);
    }
  }
}

LUVIT_VECTOR void softmax_rows(Bfloat16* x, std::int64_t rows, std::int64_t n, float scale, float* scratch) {
  const std::int64_t whole = n - n % width, rest = n - whole;
  const float lowest = -INFINITY;
  for (std::int64_t r = 0; r < rows; ++r, x += n) {
    for (std::int64_t i = 0; i < whole; i += width) store(scratch + i, load(x + i));
    if (rest > 0) {
      store(scratch + whole, load(x + whole, rest));
      for (std::int64_t i = n; i < whole + width; ++i) scratch[i] = lowest;
    }
    Floats top = Floats{} + lowest;
    for (std::int64_t i = 0; i < n; i += width) {
      const Floats v = load(scratch + i);
      top = top > v ? top : v;
    }
    float highest = top[0];
    for (int i = 1; i < width; ++i) highest = highest > top[i] ? highest : top[i];
    Floats total{};
    for (std::int64_t i = 0; i < n; i += width) {
      const Floats v = load(scratch + i), e = v == lowest ? Floats{} : exp((v - highest) * scale);
      total += e;
      store(scratch + i, e);
    }
    const float share = 1.0F / sum(total);
    for (std::int64_t i = 0; i < whole; i += width) store(x + i, load(scratch + i) * share);
    if (rest > 0) store(x + whole, load(scratch + whole) * share, rest);
  }
}

LUVIT_VECTOR void softmax_backward_rows(const Bfloat16* y, Bfloat16* grad, std::int64_t rows, std::int64_t n,
                                        float scale) {
  for (std::int64_t r = 0; r < rows; ++r, y += n, grad += n) {
    Floats products{};
    by_vector(
        n, [&](std::int64_t i, std::int64_t count)
               __attribute__((always_inline)) { products += load(y + i, count) * load(grad + i, count); });
    const float mean = sum(products);
    by_vector(
        n, [&](std::int64_t i, std::int64_t count) __attribute__((always_inline)) {
          store(grad + i, (load(grad + i, count) - mean) * load(y + i, count) * scale, count);
        });
  }
}

}  // namespace luvit
