#include "luvit/distributed/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <torch/version.h>
#if __has_include(<cuda_runtime_api.h>)
#include <cuda_runtime_api.h>
#endif
#if __has_include(<nccl.h>)
#include <nccl.h>
#endif

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/machine.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

std::int64_t visible_gpus() {
  return at::hasCUDA() ? static_cast<std::int64_t>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

// SLURM and OpenMPI can give each task its GPU and hide the others, and so can a script that torchrun starts. What
// --ranks starts sees what it sees itself.
bool may_see_its_own_only(const Place& place, const Environment& environment) {
  if (place.launcher == "torchrun") return environment("CUDA_VISIBLE_DEVICES").has_value();
  return place.launcher == "SLURM" || place.launcher == "OpenMPI";
}

}  // namespace

at::Device choose_device(DeviceChoice choice, const Place& place, const DeviceUse& use) {
  const at::Device device = device_of_rank(choice, visible_gpus(), place, process_environment(), use);
  if (choice == DeviceChoice::automatic && device.is_cpu())
    log_info(str("no CUDA device is found: ", use.work, " on the CPU"));
  return device;
}

at::Device device_of_rank(DeviceChoice choice, std::int64_t gpus, const Place& place, const Environment& environment,
                          const DeviceUse& use) {
  if (choice == DeviceChoice::cuda && gpus == 0)
    throw UsageError(str(use.key, ": cuda, but no CUDA device is found on this machine"),
                     str("check nvidia-smi, or set ", use.key, "=cpu"));
  if (choice == DeviceChoice::cpu || gpus == 0) return at::kCPU;
  if (gpus == 1 && may_see_its_own_only(place, environment)) return at::Device(at::kCUDA, 0);
  if (place.local_rank >= gpus)
    throw UsageError(str("rank ", place.local_rank, " on this machine has no GPU of its own: there ",
                         gpus == 1 ? "is " : "are ", gpus),
                     str("start as many ranks as there are GPUs, or set ", use.key, "=cpu"));
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(place.local_rank));
}

void require_gpus(DeviceChoice choice, std::int64_t ranks, const DeviceUse& use) {
  device_of_rank(choice, visible_gpus(), {.local_rank = ranks - 1, .launcher = "--ranks"}, process_environment(), use);
}

std::string device_name(at::Device device) {
  return device.str();
}

void set_threads(std::int64_t threads) {
  at::set_num_threads(static_cast<int>(threads));
}

std::int64_t peak_memory_bytes(at::Device device) {
  if (!device.is_cuda()) return peak_memory_bytes();
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  return stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
}

}  // namespace luvit
