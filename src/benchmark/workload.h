#pragma once
#include <memory>

#include "luvit/benchmark/benchmark.h"

namespace luvit {

// One timed round of something, cut into named parts that run in order.
class TimedWork {
 public:
  virtual ~TimedWork() = default;
  struct Part {
    std::string name;
    std::function<void()> run;
  };
  virtual std::vector<Part> parts() = 0;
};

std::unique_ptr<TimedWork> make_training_step(const BenchOptions& options, at::Device device);
std::unique_ptr<TimedWork> make_evaluation(const BenchOptions& options, at::Device device);

// N(0, 1) images and uniform numbers from the synthetic stream.
at::Tensor synthetic_normal(at::IntArrayRef shape, std::uint64_t stream, at::Device device);
at::Tensor synthetic_uniform(at::IntArrayRef shape, std::uint64_t stream, at::Device device);

}  // namespace luvit
