#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "luvit/core/random.h"

namespace luvit {

// Where dropout's random numbers come from, for a scope on this thread: one stream a sample, a function of
// (seed, epoch, sample), so that neither the batch's split nor the device changes them. The training step opens
// one around each forward pass; the masks of a pass follow one another in the sample's stream. Only models with
// `fusion.lora.dropout` above zero need it (they throw a RunError without).
//
//   DropoutDraws draws(seed, epoch, indices);
//   loss = model(images, noise).loss;
class DropoutDraws {
 public:
  DropoutDraws(std::uint64_t seed, std::uint64_t epoch, const std::vector<std::int64_t>& samples);
  ~DropoutDraws();
  DropoutDraws(const DropoutDraws&) = delete;
  DropoutDraws& operator=(const DropoutDraws&) = delete;
  static DropoutDraws* current();  // nullptr outside any scope

  // A mask in x's shape, type and device, 1 with probability 1 − p, else 0; x's first dimension are the samples.
  // Made on the host: dropout costs a copy of x's size to a device.
  at::Tensor mask_like(const at::Tensor& x, double p);

 private:
  std::vector<Random> streams_;
  DropoutDraws* before_;
};

}  // namespace luvit
