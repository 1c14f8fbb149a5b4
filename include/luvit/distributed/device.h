#pragma once
#include <ATen/core/Tensor.h>

#include <string>

namespace luvit {

enum class DeviceChoice { automatic, cpu, cuda };

// auto takes the GPU where there is one and says what it took; UsageError when cuda is asked and there is none. The
// local_rank-th of several; where a launcher shows each rank one GPU only, that one.
at::Device choose_device(DeviceChoice choice, std::int64_t local_rank = 0);
std::string device_name(at::Device device);  // "cpu", "cuda:0"
// Sets the number of threads of the model's arithmetic.
void set_threads(std::int64_t threads);

// Most memory the run has held so far: on a GPU what its allocator gave out, else what the process had resident.
std::int64_t peak_memory_bytes(at::Device device);

}  // namespace luvit
