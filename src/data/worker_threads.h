#pragma once
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace luvit {

// Starts threads in which ATen's operators do not spread over further threads. The caller's own number stays what it
// is. RunError where the system refuses one of them; then none has run `body`.
std::vector<std::jthread> start_workers(std::int64_t count, const std::function<void()>& body);

// One a core, less one for the training step, at least one.
std::int64_t default_workers();

}  // namespace luvit
