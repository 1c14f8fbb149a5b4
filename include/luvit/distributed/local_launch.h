#pragma once
#include <cstdint>
#include <optional>

#include "luvit/distributed/place.h"

namespace luvit {

// How many ranks a run has: by --ranks or the launcher's environment; both may say it, if they say the same.
std::int64_t ranks_of(std::optional<std::int64_t> asked, const Place& place);

// --ranks N: starts this program N times on this machine, with the environment find_place reads, and waits. Rank 0
// keeps the terminal; the others' standard output goes nowhere (their logs are in the output folder). Signals are
// passed on. When a rank fails, the others get time to say so themselves and are then ended; they never outlive this
// process. Returns the exit code: of the rank that failed first, else 0 or 75.
int run_local_ranks(std::int64_t ranks, char** argv);

}  // namespace luvit
