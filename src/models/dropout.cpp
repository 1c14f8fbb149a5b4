#include "luvit/models/dropout.h"

#include <ATen/Parallel.h>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

thread_local DropoutDraws* current_draws = nullptr;

}  // namespace

DropoutDraws::DropoutDraws(std::uint64_t seed, std::uint64_t epoch, const std::vector<std::int64_t>& samples)
    : before_(current_draws) {
  streams_.reserve(samples.size());
  for (const std::int64_t sample : samples) {
    streams_.emplace_back(seed, epoch, static_cast<std::uint64_t>(sample), Purpose::dropout);
  }
  current_draws = this;
}

DropoutDraws::~DropoutDraws() {
  current_draws = before_;
}

DropoutDraws* DropoutDraws::current() {
  return current_draws;
}

at::Tensor DropoutDraws::mask_like(const at::Tensor& x, double p) {
  const auto samples = static_cast<std::int64_t>(streams_.size());
  if (x.size(0) != samples) {
    throw RunError(str("dropout has draws for ", samples, " samples, the batch has ", x.size(0)));
  }
  const std::int64_t values = x.numel() / samples;
  at::Tensor uniform = at::empty(x.sizes(), at::TensorOptions().dtype(at::kFloat).pinned_memory(x.is_cuda()));
  float* out = uniform.mutable_data_ptr<float>();
  at::parallel_for(0, samples, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      streams_[static_cast<std::size_t>(i)].fill_uniform(out + i * values, values);
  });
  return uniform.to(x.device(), /*non_blocking=*/true).ge(p).to(x.scalar_type());
}

}  // namespace luvit
