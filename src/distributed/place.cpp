#include "luvit/distributed/place.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "launchers.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

struct Said {  // by one launcher
  const Launcher* launcher;
  std::string ranks_name;
  std::int64_t rank, ranks;
};

std::optional<Said> read(const Launcher& launcher, const Environment& environment) {
  std::string ranks_name = launcher.ranks.front();
  for (auto name = launcher.ranks.rbegin(); name != launcher.ranks.rend(); ++name)
    if (environment(*name)) ranks_name = *name;
  if ((!environment(launcher.rank) && !environment(ranks_name)) || !launcher.active(environment)) return std::nullopt;
  const Said said{&launcher, ranks_name, required_number(environment, launcher.rank, launcher.name),
                  required_number(environment, ranks_name, launcher.name)};
  if (said.ranks < 1)
    throw UsageError(str("environment variable ", ranks_name, " is ", said.ranks, ", expected at least 1"));
  if (said.rank >= said.ranks)
    throw UsageError(str("environment variable ", launcher.rank, " is ", said.rank, ", expected less than ", ranks_name,
                         ", which is ", said.ranks));
  return said;
}

// torchrun may run inside another launcher's tasks, one torchrun a task: then its ranks are a multiple of the tasks,
// and the number of torchruns (GROUP_WORLD_SIZE) that know of each other is that of the tasks.
void check_nesting(const Said& inner, const Said& outer, const Environment& environment) {
  const auto agents = environment("GROUP_WORLD_SIZE");
  const bool together = !agents || number("GROUP_WORLD_SIZE", *agents) == outer.ranks;
  if (outer.ranks == 1 || (inner.ranks % outer.ranks == 0 && together)) return;
  throw UsageError(str("two launchers contradict each other: ", inner.ranks_name, " is ", inner.ranks, " (",
                       inner.launcher->name, together ? "" : str(", with GROUP_WORLD_SIZE ", *agents), "), ",
                       outer.ranks_name, " is ", outer.ranks, " (", outer.launcher->name, ")"),
                   "one torchrun a task with --nnodes set to the tasks, or unset the variables of one of the two");
}

Place place_of(const Said& said, const Environment& environment) {
  const Launcher& launcher = *said.launcher;
  Place place;
  if (said.ranks == 1) return place;
  place.rank = said.rank;
  place.ranks = said.ranks;
  place.launcher = launcher.name;
  place.local_rank = required_number(environment, launcher.local_rank, launcher.name);
  if (const auto here = environment(launcher.local_ranks)) place.local_ranks = number(launcher.local_ranks, *here);
  launcher.meet(environment, place);
  if (place.address.empty()) throw UsageError("environment variable MASTER_ADDR is empty, expected a host");
  if (place.port < 1 || place.port > 65535)
    throw UsageError(str("environment variable MASTER_PORT is ", place.port, ", expected a port from 1 to 65535"));
  return place;
}

std::int64_t own_cores(const Place& place) {
  const std::int64_t cores = std::max(1L, sysconf(_SC_NPROCESSORS_ONLN));
  cpu_set_t bound;
  const std::int64_t usable = sched_getaffinity(0, sizeof(bound), &bound) == 0 ? CPU_COUNT(&bound) : cores;
  const bool bound_alone = usable < cores && place.launcher != "--ranks";  // we bind nobody
  return bound_alone ? usable : std::max<std::int64_t>(1, usable / place.local_ranks);
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

Place find_place(const Environment& environment) {
  std::optional<Said> first;
  for (const Launcher& launcher : launchers()) {
    const std::optional<Said> said = read(launcher, environment);
    if (!said) continue;
    if (first && first->launcher->name == std::string("torchrun")) check_nesting(*first, *said, environment);
    if (!first) first = said;
    if (first->launcher->name == std::string("--ranks"))
      break;  // our own doing: what lies around it was looked at then
  }
  return first ? place_of(*first, environment) : Place();
}

CoreShare share_of_cores(const Place& place, const Environment& environment) {
  const std::int64_t cores = own_cores(place);
  CoreShare share{.threads = cores, .workers = std::max<std::int64_t>(1, cores - 1)};
  if (const auto threads = environment("OMP_NUM_THREADS"))
    share.threads = std::max<std::int64_t>(1, number("OMP_NUM_THREADS", threads->substr(0, threads->find(','))));
  return share;
}

}  // namespace luvit
