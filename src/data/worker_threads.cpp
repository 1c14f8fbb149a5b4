#include "worker_threads.h"

#include <ATen/Parallel.h>

#include <future>
#include <latch>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

std::vector<std::jthread> start_workers(std::int64_t count, const std::function<void()>& body) {
  // at::set_num_threads sets the calling thread's number and, besides, the one that threads yet to come begin with;
  // the latter is put back once all workers have theirs.
  const int before = at::get_num_threads();
  std::latch ready(count);
  std::promise<bool> all_started;
  const std::shared_future<bool> go = all_started.get_future().share();
  std::vector<std::jthread> workers;
  try {
    for (std::int64_t i = 0; i < count; ++i) {
      workers.emplace_back([&ready, go, body] {
        at::set_num_threads(1);
        ready.count_down();
        if (go.get()) body();
      });
    }
  } catch (const std::exception& error) {
    // No more threads to be had. Those that run have not begun with their work, which would not end by itself.
    const std::size_t started = workers.size();
    all_started.set_value(false);
    workers.clear();  // joins
    at::set_num_threads(before);
    throw RunError(str("data: thread ", started + 1, " of ", count, " cannot be started: ", error.what()),
                   "set data.workers lower, or raise the limits on threads and memory (ulimit -u, ulimit -v)");
  }
  ready.wait();
  at::set_num_threads(before);
  all_started.set_value(true);
  return workers;
}

std::int64_t default_workers() {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::thread::hardware_concurrency()) - 1);
}

}  // namespace luvit
