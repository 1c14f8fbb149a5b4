#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace luvit {

// Makes glibc keep large freed blocks instead of handing each back to the kernel: without it every big activation is
// mapped and page-faulted anew (a third of a training step on CPU). run_main calls it; nothing on other C libraries.
void tune_malloc();

std::string host_name();

// Most memory that this process has had resident so far, in bytes.
std::int64_t peak_memory_bytes();

// Waits until a device has done what was queued on it (nothing on a CPU).
void synchronize(at::Device device);

// The machine's matrix-product speed in FLOP/s: the best of a few large linear layers in this type, about a second
// of work. With as many threads as ATen uses now. On a CPU no less than float32's: products in a type that it has no
// instructions for are computed in that one.
double matmul_speed(at::Device device, at::ScalarType type);

}  // namespace luvit
