#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace luvit {

// Where this process stands among the ranks of a run.
struct Place {
  std::int64_t rank = 0, ranks = 1;
  std::int64_t local_rank = 0;  // among this machine's: which GPU it takes
  std::string address;          // of the machine that holds rank 0; empty with one rank
  int port = 0;
  std::int64_t local_ranks = 1;  // ranks of this machine, where the launcher says so: they share its cores
  std::string launcher;          // "--ranks", "torchrun", "SLURM", "OpenMPI"; empty: started alone
  // torchrun's agent keeps the store at address:port itself; what a restarted set of ranks says there must not be
  // taken for the words of the one before.
  bool store_is_kept = false;
  std::int64_t attempt = 0;
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// From what the launchers set (docs/launch.md has the table). Half a set, or two that contradict each other:
// UsageError.
Place find_place(const Environment& environment);

}  // namespace luvit
