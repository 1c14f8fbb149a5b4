#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "luvit/core/text.h"
#include "luvit/train/team.h"

namespace luvit {

namespace {

// Launchers may give each rank processors of its own; then nothing is shared.
std::string processors_of_this_process() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  std::string text = str(host, ":");
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return text;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set)) text += str(" ", i);
  return text;
}

}  // namespace

std::int64_t ranks_on_these_processors(Ranks& ranks) {
  const std::string own = processors_of_this_process();
  const auto all = ranks.gather_text(own);
  return std::count(all.begin(), all.end(), own);
}

}  // namespace luvit
