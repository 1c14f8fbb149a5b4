#include "meta_memory.h"

#include <c10/core/Allocator.h>

#include <algorithm>

namespace luvit {

namespace {

// Static, since tensors may outlive the meter.
std::int64_t live_bytes = 0, peak_bytes = 0;

// A meta tensor has no data; its size travels in the place of the context that the deleter is handed.
void count_down(void* size) {
  live_bytes -= reinterpret_cast<std::intptr_t>(size);
}

struct CountingAllocator : c10::Allocator {
  c10::DataPtr allocate(std::size_t size) override {
    live_bytes += static_cast<std::int64_t>(size);
    peak_bytes = std::max(peak_bytes, live_bytes);
    return {nullptr, reinterpret_cast<void*>(size), &count_down, c10::Device(c10::kMeta)};
  }
  void copy_data(void*, const void*, std::size_t) const override {}
};

CountingAllocator counting;
c10::Allocator* usual = nullptr;

}  // namespace

MetaMemory::MetaMemory() {
  usual = c10::GetAllocator(c10::kMeta);
  c10::SetAllocator(c10::kMeta, &counting);
  restart_peak();
}

MetaMemory::~MetaMemory() {
  c10::SetAllocator(c10::kMeta, usual);
}

std::int64_t MetaMemory::live() const {
  return live_bytes;
}

std::int64_t MetaMemory::peak() const {
  return peak_bytes;
}

void MetaMemory::restart_peak() const {
  peak_bytes = live_bytes;
}

}  // namespace luvit
