#pragma once
#include <ATen/core/Tensor.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "luvit/distributed/place.h"

namespace luvit {

enum class Compression { none, bfloat16 };

// Averages the trained parameters' gradients over the ranks, in buckets, while backward runs.
class GradientReduction {
 public:
  virtual ~GradientReduction() = default;
  // Before the first of several backward passes that add up: gradients are zeros in the buckets they will be sent from,
  // so that no second copy of them is kept. (A single pass needs no zeros to add to.)
  virtual void begin_sum() = 0;
  // Call before the backward pass whose end completes the step's gradients; passes without it only add up.
  virtual void expect() = 0;
  virtual std::vector<std::int64_t> bucket_bytes() const = 0;  // as they travel, in the order they are sent
};

// The ranks of a run as seen by one of them. Every call is collective: all ranks make it, in the same order. Tensors
// are on the device given at the start; results are the same bytes on all ranks. A rank that is lost ends the wait
// with RunError naming it.
class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual std::int64_t rank() const = 0;
  virtual std::int64_t size() const = 0;

  virtual void broadcast(at::TensorList tensors) = 0;         // rank 0's values to all, in place
  virtual at::Tensor gather(const at::Tensor& own) = 0;       // [...] of each → [ranks, ...], on all
  virtual void sum(const at::Tensor& values) = 0;             // in place
  virtual at::Tensor join_shards(const at::Tensor& own) = 0;  // [n] of each → [ranks·n]
  virtual std::vector<std::string> gather_text(const std::string& own) = 0;
  virtual void wait_for_all() = 0;
  // parameters: all of them trained in every step, in the order in which the forward pass uses them. Their gradients
  // are averages after backward(), and the same storage in every step.
  virtual std::unique_ptr<GradientReduction> reduce_gradients(const std::vector<at::Tensor>& parameters,
                                                              Compression compression) = 0;
  // Seconds this rank has spent waiting for others, since the start. On CUDA as far as the device has come.
  virtual double waited_seconds() const = 0;
  // Now, asked from any thread (Watch::Handlers::waiting).
  virtual bool waiting() const = 0;
};

struct RanksOptions {
  at::Device device = at::kCPU;
  std::chrono::seconds timeout{600};
};

// One rank: every call returns at once.
std::unique_ptr<Ranks> one_rank();
// Meets the others at place.address (TCPStore); NCCL on CUDA, Gloo on CPU. Waits no longer than the timeout.
std::unique_ptr<Ranks> join_ranks(const Place& place, const RanksOptions& options);
// Rank `rank` of `size` that exist in name only: sums multiply by `size`. For plans on one process.
std::unique_ptr<Ranks> planned_ranks(std::int64_t rank, std::int64_t size);

}  // namespace luvit
