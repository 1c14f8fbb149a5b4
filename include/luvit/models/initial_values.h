#pragma once
#include "luvit/models/module.h"
#include "luvit/models/options.h"

namespace luvit {

// Gives every tensor of a model its initial value: a pure function of (seed, tensor name), so that models which
// differ in one part start equal in all others. Rules in CONTRACTS: xavier-uniform matrices (the patch embedding
// as a matrix), zero biases, unit norms, N(0, 0.02) tokens, sin-cos positions, LoRA A uniform ±1/√in and B zero,
// head truncated normal 2e-5, L2 zero under residual: outer. Frozen tensors get N(0, 0.02) and unit norms (the
// `random` block); a pretrained block is loaded over them, or skipped here with skip_frozen.
// Tensors come out on the CPU, trained ones float32, frozen ones in frozen_type.
struct InitialValues {
  std::uint64_t seed = 0;
  at::ScalarType frozen_type = at::kFloat;
  bool skip_frozen = false;
};
void initialise(Module& model, const ModelOptions& options, const InitialValues& how);
// The frozen tensors alone.
void initialise_frozen(Module& model, const ModelOptions& options, const InitialValues& how);

// Moves all tensors to a device (asynchronously where the source is pinned) and marks the trained ones.
void to_device(Module& model, at::Device device);
void require_gradients(Module& model);

// Same shapes on the meta device, gradient marks included: for dry runs and the no-read-back test. Frozen tensors come
// in the type that a run keeps them in, where one is given.
void to_meta(Module& model, std::optional<at::ScalarType> frozen_type = {});

}  // namespace luvit
