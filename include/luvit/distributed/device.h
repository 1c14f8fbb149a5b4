#pragma once
#include <ATen/core/Tensor.h>

#include <string>

#include "luvit/distributed/place.h"

namespace luvit {

enum class DeviceChoice { automatic, cpu, cuda };

// What its messages speak of: the config's key and the work.
struct DeviceUse {
  const char *key = "train.device", *work = "training";
};

// auto takes the GPU where there is one and says what it took; UsageError when cuda is asked and there is none, or when
// this rank would have to share one. The local_rank-th of several; where SLURM, OpenMPI or CUDA_VISIBLE_DEVICES shows
// each rank one GPU only, that one.
at::Device choose_device(DeviceChoice choice, const Place& place = {}, const DeviceUse& use = {});
// The same from what is said, of a machine where this process sees so many GPUs.
at::Device device_of_rank(DeviceChoice choice, std::int64_t gpus, const Place& place, const Environment& environment,
                          const DeviceUse& use = {});
// Before so many ranks are started on this machine: UsageError where one of them would have no GPU.
void require_gpus(DeviceChoice choice, std::int64_t ranks, const DeviceUse& use = {});
std::string device_name(at::Device device);  // "cpu", "cuda:0"
// Sets the number of threads of the model's arithmetic.
void set_threads(std::int64_t threads);

// Most memory the run has held so far: on a GPU what its allocator gave out, else what the process had resident.
std::int64_t peak_memory_bytes(at::Device device);

}  // namespace luvit
