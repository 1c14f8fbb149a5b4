#include "luvit/core/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <ctime>

namespace luvit {
namespace {

// In one atomic, as two threads may each be interrupted by a signal at once.
struct Stop {
  std::int32_t asked_at = 0;  // seconds
  std::int16_t signal = 0;    // 0: nobody has asked
  bool forwarded = false;     // by the parent
  bool came_both_ways = false;
};
std::atomic<Stop> stop{};
static_assert(std::atomic<Stop>::is_always_lock_free, "a signal handler may touch nothing else");

std::int32_t seconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int32_t>(now.tv_sec);
}

// A supervisor that signals all processes of a job reaches a rank twice: by itself, and through the rank's parent
// (--ranks, torchrun), which passes on what it gets. Both are the same request.
bool same_by_another_way(const Stop& first, const Stop& second) {
  constexpr std::int32_t short_time = 3;
  return !first.came_both_ways && first.signal == second.signal && first.forwarded != second.forwarded &&
         second.asked_at - first.asked_at <= short_time;
}

extern "C" void on_stop_signal(int signal, siginfo_t* from, void*) {
  const Stop asked{.asked_at = seconds_now(),
                   .signal = static_cast<std::int16_t>(signal),
                   .forwarded = from->si_code == SI_USER && from->si_pid == ::getppid()};
  Stop first;
  if (stop.compare_exchange_strong(first, asked)) return;
  if (same_by_another_way(first, asked)) {
    Stop both = first;
    both.came_both_ways = true;
    if (stop.compare_exchange_strong(first, both)) return;
  }
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
  action.sa_sigaction = on_stop_signal;
  // System calls go on: a write that a signal cuts short would look like a disk error.
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGTERM, SIGINT, SIGUSR1}) ::sigaction(signal, &action, nullptr);
  // A terminal that closes asks for a stop as well, unless nohup said to take no notice.
  struct sigaction before;
  ::sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
}

bool stop_requested() {
  return stop.load(std::memory_order_relaxed).signal != 0;
}

std::string stopped_by() {
  return stop_requested() ? stop_signal_name() : "a signal to another rank";
}

const char* stop_signal_name() {
  switch (stop.load(std::memory_order_relaxed).signal) {
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGUSR1:
      return "SIGUSR1";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "none";
  }
}

void request_stop_for_test() {
  stop = Stop{.signal = SIGTERM};
}
void clear_stop_for_test() {
  stop = Stop{};
}

}  // namespace luvit
