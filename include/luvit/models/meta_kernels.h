#pragma once

namespace luvit {

// Kernels of the meta device that LibTorch lacks (its Python half brings them), from the first call on. They give the
// shapes that the CUDA kernels give, and keep for the backward pass what those keep: what a step allocates on the meta
// device is what it allocates on a GPU.
void add_meta_kernels();

}  // namespace luvit
