#pragma once
#include <ATen/core/Tensor.h>

#include <string>

#include "luvit/train/options.h"

namespace luvit {

// auto takes the GPU where there is one and says what it took; UsageError when cuda is asked and there is none.
at::Device choose_device(DeviceChoice choice);
std::string device_name(at::Device device);  // "cpu", "cuda:0"
// Sets the number of threads of the model's arithmetic (0: all cores) and returns it.
std::int64_t set_threads(std::int64_t threads);

// Most memory the run has held so far: on a GPU what its allocator gave out, else what the process had resident.
std::int64_t peak_memory_bytes(at::Device device);

}  // namespace luvit
