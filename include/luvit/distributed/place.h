#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace luvit {

// Where this process stands among the ranks of a run.
struct Place {
  std::int64_t rank = 0, ranks = 1;
  std::int64_t local_rank = 0;   // among this machine's: which GPU it takes
  std::int64_t local_ranks = 1;  // of this machine, where the launcher says so
  std::string address;           // of the machine that holds rank 0; empty with one rank
  int port = 0;
  std::string launcher;  // "--ranks", "torchrun", "SLURM", "OpenMPI"; empty: started alone
  // torchrun keeps the store at address:port itself, and what is said there after a restart must not be taken for
  // what was said before it.
  bool store_is_kept = false;
  std::int64_t attempt = 0;
  int listener = -1;  // an open socket at that port for rank 0 to take over (--ranks: nobody can snatch the port away)
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// From what the launchers set (docs/launch.md has the table). One rank is no launch, whoever says so: a Place of its
// own. Half a set, numbers that are none, or two sets that contradict each other: UsageError naming the variable.
Place find_place(const Environment& environment);

// What a rank uses of its machine where nobody says how much. Its cores are those that the launcher has bound this
// process to; or, of all cores, an equal part for each of the machine's ranks.
struct CoreShare {
  std::int64_t threads;  // to compute with: OMP_NUM_THREADS where it is set, else as many as it has cores
  std::int64_t
      workers;  // to read data with: one core fewer. OMP_NUM_THREADS, which torchrun sets to 1, is not for them
};
CoreShare share_of_cores(const Place& place, const Environment& environment);

}  // namespace luvit
