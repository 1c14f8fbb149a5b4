#pragma once
#include <vector>

#include "luvit/distributed/place.h"

namespace luvit {

// One way to be launched: the names of the variables that say so. A set counts as there when `rank` or `ranks` is.
struct Launcher {
  const char* name;
  const char* rank;
  std::vector<const char*> ranks;  // the first that is set
  const char* local_rank;
  const char* local_ranks;                         // need not be there
  bool (*active)(const Environment& environment);  // beyond that, e.g. inside a job, but not as one of its tasks
  void (*meet)(const Environment& environment, Place& place);  // fills in address and port
};

// The first that is there wins.
const std::vector<Launcher>& launchers();

// Numbers from 0; UsageError naming the variable.
std::int64_t number(const std::string& name, const std::string& text);
std::int64_t required_number(const Environment& environment, const std::string& name, const std::string& launcher);
std::string required(const Environment& environment, const std::string& name, const std::string& launcher);

// Of a list like "8(x4)" or "4,2(x2)", the count that belongs to a node.
std::int64_t tasks_of_node(const std::string& name, const std::string& list, std::int64_t node);

// "node[03-05,9],x1" → "node03"
std::string first_host(const std::string& node_list);

}  // namespace luvit
