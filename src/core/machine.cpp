#include "luvit/core/machine.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace luvit {
namespace {

// A matrix of 90 MB is 22,000 pages of 4 KB, more than a processor has translations for. Where the kernel gives huge
// pages to those who ask, the heap asks: it is grown once, without touching it, and keeps what it was told. Not where
// the kernel counts untouched memory as used, nor under a sanitizer, which keeps books on all of it.
bool untouched_memory_is_free() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  int policy = 2;
  std::ifstream("/proc/sys/vm/overcommit_memory") >> policy;
  return policy != 2;
#endif
}

void ask_for_huge_pages() {
#ifdef __linux__
  if (!untouched_memory_is_free()) return;
  const auto pages = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)), page = static_cast<std::size_t>(getpagesize());
  const std::size_t bytes = pages / 2 * page;
  void* block = std::malloc(bytes);
  if (!block) return;  // a limit on address space: small pages do as well
  const auto first = (reinterpret_cast<std::uintptr_t>(block) + page - 1) / page * page;
  madvise(reinterpret_cast<void*>(first), bytes - page, MADV_HUGEPAGE);
  std::free(block);
#endif
}

}  // namespace

void tune_malloc() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);         // the threshold itself cannot be set above 2 GiB here: take no mapping at all
  mallopt(M_TRIM_THRESHOLD, -1);  // never give the heap's end back
  mallopt(M_TOP_PAD, 64 << 20);   // grow it in large strides
  ask_for_huge_pages();
#endif
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

void synchronize(at::Device device) {
  if (device.is_cpu() || device.is_meta()) return;
  const c10::impl::VirtualGuardImpl guard(device.type());
  guard.synchronizeDevice(device.has_index() ? device.index() : guard.getDevice().index());
}

namespace {

// FLOP/s of x·Wᵀ at its fastest.
double linear_speed(std::int64_t rows, std::int64_t in, std::int64_t out, const at::TensorOptions& options) {
  const at::Tensor x = at::ones({rows, in}, options), weight = at::ones({out, in}, options);
  at::linear(x, weight);
  double fastest = std::numeric_limits<double>::max(), spent = 0;
  for (int repeat = 0; repeat < 8 && spent < 0.5; ++repeat) {
    synchronize(options.device());
    const auto start = std::chrono::steady_clock::now();
    at::linear(x, weight);
    synchronize(options.device());
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    fastest = std::min(fastest, taken.count());
    spent += taken.count();
  }
  return 2.0 * static_cast<double>(rows) * static_cast<double>(in) * static_cast<double>(out) / fastest;
}

double speed_of_type(at::Device device, at::ScalarType type) {
  const auto options = at::TensorOptions().device(device).dtype(type);
  if (!device.is_cpu())
    return std::max(linear_speed(16384, 4096, 4096, options), linear_speed(8192, 8192, 8192, options));
  return std::max(linear_speed(1600, 768, 3072, options), linear_speed(800, 4096, 4096, options));
}

}  // namespace

double matmul_speed(at::Device device, at::ScalarType type) {
  const at::NoGradGuard no_grad;
  if (!device.is_cpu() || type == at::kFloat || type == at::kDouble) return speed_of_type(device, type);
  return std::max(speed_of_type(device, type), speed_of_type(device, at::kFloat));
}

}  // namespace luvit
