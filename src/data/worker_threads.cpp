#include "worker_threads.h"

#include <ATen/Parallel.h>

#include <latch>

namespace luvit {

std::vector<std::jthread> start_workers(std::int64_t count, const std::function<void()>& body) {
  // at::set_num_threads sets the calling thread's number and, besides, the one that threads yet to come begin with;
  // the latter is put back once all workers have theirs.
  const int before = at::get_num_threads();
  std::latch ready(count);
  std::vector<std::jthread> workers;
  try {
    for (std::int64_t i = 0; i < count; ++i) {
      workers.emplace_back([&ready, body] {
        at::set_num_threads(1);
        ready.count_down();
        body();
      });
    }
  } catch (...) {
    // No more threads to be had: those that run must not wait for the rest, nor outlive the latch.
    ready.count_down(count - static_cast<std::int64_t>(workers.size()));
    ready.wait();
    at::set_num_threads(before);
    throw;
  }
  ready.wait();
  at::set_num_threads(before);
  return workers;
}

std::int64_t default_workers() {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::thread::hardware_concurrency()) - 1);
}

}  // namespace luvit
