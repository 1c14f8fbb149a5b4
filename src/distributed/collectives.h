#pragma once
#include <string>

#include "process_group.h"
#include "wait_clock.h"

namespace luvit {

// What a rank's collective calls have in common: their waits are timed, and torch's errors become ours.
struct Collectives {
  Collectives(Group joined, std::int64_t own_rank, std::int64_t all_ranks, at::Device on)
      : group(std::move(joined)), rank(own_rank), size(all_ranks), device(on), clock(on) {}

  template <typename Wait>
  void timed(const char* what, Wait wait) {
    const WaitClock::Wait timer(clock);
    try {
      wait();
    } catch (const std::exception& error) {
      failed(what, error);
    }
  }
  // Does not return. A peer that has vanished is named by the Watch, which ends the process; only if it has nothing to
  // say, this rank speaks for itself.
  [[noreturn]] void failed(const char* what, const std::exception& error) const;

  Group group;
  std::int64_t rank, size;
  at::Device device;
  WaitClock clock;
};

}  // namespace luvit
