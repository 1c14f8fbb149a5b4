#include "luvit/models/drop_path.h"

#include <vector>

#include "luvit/core/random.h"

namespace luvit {

double keep_probability(double rate, std::int64_t block, std::int64_t depth) {
  return depth < 2 ? 1.0 : 1.0 - rate * static_cast<double>(block) / static_cast<double>(depth - 1);
}

void draw_drop_path(at::Tensor& masks, double rate, std::uint64_t seed, std::uint64_t epoch,
                    const at::Tensor& samples) {
  const std::int64_t depth = masks.size(0), rows = masks.size(2);
  const std::int64_t* sample = samples.const_data_ptr<std::int64_t>();
  float* out = masks.mutable_data_ptr<float>();
  std::vector<float> draws(static_cast<std::size_t>(2 * depth));
  for (std::int64_t row = 0; row < rows; ++row) {
    Random random(seed, epoch, static_cast<std::uint64_t>(sample[row]), Purpose::drop_path);
    random.fill_uniform(draws.data(), 2 * depth);
    for (std::int64_t branch = 0; branch < 2 * depth; ++branch) {
      const auto keep = static_cast<float>(keep_probability(rate, branch / 2, depth));
      out[branch * rows + row] = draws[static_cast<std::size_t>(branch)] < keep ? 1.0F : 0.0F;
    }
  }
}

}  // namespace luvit
