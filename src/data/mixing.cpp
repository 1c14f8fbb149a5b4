#include "luvit/data/mixing.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "with_avx2.h"

namespace luvit {
namespace {

// Gamma(shape), shape ≥ 1: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
double gamma(Random& random, double shape) {
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = random.normal(), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

// Beta(alpha, alpha). Up to 1 by Jöhnk's rejection, in logarithms since a small alpha's powers vanish.
double beta(Random& random, double alpha) {
  if (alpha > 1) {
    const double x = gamma(random, alpha), y = gamma(random, alpha);
    return x / (x + y);
  }
  while (true) {
    const double x = std::log(1 - random.uniform()) / alpha, y = std::log(1 - random.uniform()) / alpha;
    const double largest = std::max(x, y);
    const double sum = largest + std::log(std::exp(x - largest) + std::exp(y - largest));
    if (sum <= 0) return std::exp(x - sum);
  }
}

using Floats = float __attribute__((vector_size(32)));

LUVIT_WITH_AVX2
void blend(float own, float others, float* first, float* second, std::int64_t count) {
  constexpr std::int64_t lanes = sizeof(Floats) / sizeof(float);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    Floats a, b;
    std::memcpy(&a, first + i, sizeof a);
    std::memcpy(&b, second + i, sizeof b);
    const Floats mixed_a = a * own + b * others, mixed_b = b * own + a * others;
    std::memcpy(first + i, &mixed_a, sizeof a);
    std::memcpy(second + i, &mixed_b, sizeof b);
  }
  for (; i < count; ++i) {
    const float a = first[i], b = second[i];
    first[i] = a * own + b * others;
    second[i] = b * own + a * others;
  }
}

}  // namespace

std::int64_t mix_group(const MixOptions& options, std::int64_t global_batch) {
  return options.mixup > 0 || options.cutmix > 0 ? std::min(options.group, global_batch) : 1;
}

Box cutmix_box(double own, std::int64_t centre_y, std::int64_t centre_x, std::int64_t height, std::int64_t width) {
  const double side = std::sqrt(1 - own);
  const auto h = static_cast<std::int64_t>(static_cast<double>(height) * side);
  const auto w = static_cast<std::int64_t>(static_cast<double>(width) * side);
  const auto top = std::max<std::int64_t>(centre_y - h / 2, 0), bottom = std::min(centre_y + (h + 1) / 2, height);
  const auto left = std::max<std::int64_t>(centre_x - w / 2, 0), right = std::min(centre_x + (w + 1) / 2, width);
  return {top, left, bottom - top, right - left};
}

Mix draw_mix(Random& random, const MixOptions& options, std::int64_t height, std::int64_t width) {
  const bool coin = random.uniform() < 0.5;
  const bool cutmix = options.cutmix > 0 && (options.mixup <= 0 || coin);
  if (!cutmix && options.mixup <= 0) return {};
  Mix mix{beta(random, cutmix ? options.cutmix : options.mixup), std::nullopt};
  if (!cutmix) return mix;
  const auto y = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(height)));
  const auto x = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(width)));
  mix.box = cutmix_box(mix.own, y, x, height, width);
  mix.own = 1 - static_cast<double>(mix.box->height * mix.box->width) / static_cast<double>(height * width);
  return mix;
}

void write_target(std::int64_t label, double smoothing, float* out, std::int64_t classes) {
  const double off = smoothing / static_cast<double>(classes);
  std::fill_n(out, classes, static_cast<float>(off));
  out[label] = static_cast<float>(1 - smoothing + off);
}

void mix_images(const Mix& mix, float* first, float* second, std::int64_t height, std::int64_t width) {
  if (first == second) return;
  if (!mix.box) {
    blend(static_cast<float>(mix.own), static_cast<float>(1 - mix.own), first, second, 3 * height * width);
    return;
  }
  const Box& box = *mix.box;
  for (std::int64_t channel = 0; channel < 3; ++channel) {
    for (std::int64_t y = box.top; y < box.top + box.height; ++y) {
      const auto at = (channel * height + y) * width + box.left;
      std::swap_ranges(first + at, first + at + box.width, second + at);
    }
  }
}

void mix_targets(const Mix& mix, float* first, float* second, std::int64_t classes) {
  if (first == second) return;
  blend(static_cast<float>(mix.own), static_cast<float>(1 - mix.own), first, second, classes);
}

}  // namespace luvit
