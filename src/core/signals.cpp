#include "luvit/core/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

namespace luvit {
namespace {

std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch nothing else");

extern "C" void on_stop_signal(int signal) {
  int none = 0;
  if (stop_signal.compare_exchange_strong(none, signal)) return;
  const char text[] =
      "error: ended by a second signal: what was done since the newest checkpoint is lost\n"
      "hint: run the same command again: it continues from the newest checkpoint\n";
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, text, sizeof text - 1);
  ::_exit(1);
}

}  // namespace

void install_stop_signals() {
  struct sigaction action;
  std::memset(&action, 0, sizeof action);
  action.sa_handler = on_stop_signal;
  // System calls go on: a write that a signal cuts short would look like a disk error.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGTERM, SIGINT, SIGUSR1}) ::sigaction(signal, &action, nullptr);
}

bool stop_requested() {
  return stop_signal.load(std::memory_order_relaxed) != 0;
}

const char* stop_signal_name() {
  switch (stop_signal.load(std::memory_order_relaxed)) {
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGUSR1:
      return "SIGUSR1";
    default:
      return "none";
  }
}

void request_stop_for_test() {
  stop_signal = SIGTERM;
}
void clear_stop_for_test() {
  stop_signal = 0;
}

}  // namespace luvit
