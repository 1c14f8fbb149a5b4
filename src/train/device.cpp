#include "luvit/train/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <torch/version.h>
#if __has_include(<cuda_runtime_api.h>)
#include <cuda_runtime_api.h>
#endif
#if __has_include(<nccl.h>)
#include <nccl.h>
#endif

#include <thread>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/machine.h"
#include "luvit/core/text.h"

namespace luvit {

at::Device choose_device(DeviceChoice choice) {
  const bool available = at::hasCUDA();
  if (choice == DeviceChoice::cuda && !available)
    throw UsageError("train.device: cuda, but no CUDA device is found on this machine",
                     "check nvidia-smi, or set train.device=cpu");
  if (choice == DeviceChoice::cpu || !available) {
    if (choice == DeviceChoice::automatic) log_info("no CUDA device is found: training on the CPU");
    return at::kCPU;
  }
  return at::Device(at::kCUDA, 0);
}

std::string device_name(at::Device device) {
  return device.str();
}

std::int64_t set_threads(std::int64_t threads) {
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  at::set_num_threads(static_cast<int>(threads));
  return threads;
}

std::int64_t peak_memory_bytes(at::Device device) {
  if (!device.is_cuda()) return peak_memory_bytes();
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  return stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
}

}  // namespace luvit
