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

at::Device choose_device(DeviceChoice choice, std::int64_t local_rank) {
  const bool available = at::hasCUDA();
  if (choice == DeviceChoice::cuda && !available)
    throw UsageError("train.device: cuda, but no CUDA device is found on this machine",
                     "check nvidia-smi, or set train.device=cpu");
  if (choice == DeviceChoice::cpu || !available) {
    if (choice == DeviceChoice::automatic) log_info("no CUDA device is found: training on the CPU");
    return at::kCPU;
  }
  const auto count = static_cast<std::int64_t>(at::detail::getCUDAHooks().deviceCount());
  if (count == 1) return at::Device(at::kCUDA, 0);
  if (local_rank >= count)
    throw UsageError(str("rank ", local_rank, " on this machine has no GPU of its own: there are ", count),
                     "start as many ranks as there are GPUs, or set train.device=cpu");
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(local_rank));
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
