#include "launchers.h"

#include <charconv>
#include <cstring>
#include <sstream>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

// For launchers that name no port: one that all ranks of a job find and other jobs hardly use.
int port_of_job(std::uint64_t job) {
  return static_cast<int>(20000 + job % 10000);
}

bool always(const Environment&) {
  return true;
}

void meet_here(const Environment& environment, Place& place) {
  place.address = "127.0.0.1";
  place.port = static_cast<int>(required_number(environment, "LUVIT_PORT", "--ranks"));
  if (place.rank == 0) place.listener = static_cast<int>(required_number(environment, "LUVIT_LISTENER", "--ranks"));
}

void meet_by_torchrun(const Environment& environment, Place& place) {
  place.address = required(environment, "MASTER_ADDR", "torchrun");
  place.port = static_cast<int>(required_number(environment, "MASTER_PORT", "torchrun"));
  place.store_is_kept = environment("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
  if (const auto attempt = environment("TORCHELASTIC_RESTART_COUNT"))
    place.attempt = number("TORCHELASTIC_RESTART_COUNT", *attempt);
}

// A job's shell is no task of it. (srun gives each task SLURM_STEP_NUM_TASKS; sbatch's script has a SLURM_PROCID too.)
bool is_slurm_task(const Environment& environment) {
  if (!environment("SLURM_PROCID")) return false;
  return environment("SLURM_STEP_NUM_TASKS") || environment("ENVIRONMENT").value_or("") != "BATCH";
}

void meet_by_slurm(const Environment& environment, Place& place) {
  if (!environment("SLURM_NTASKS_PER_NODE"))
    for (const char* name : {"SLURM_TASKS_PER_NODE", "SLURM_STEP_TASKS_PER_NODE"})  // the step's, where both are set
      if (const auto list = environment(name))
        place.local_ranks =
            tasks_of_node(name, *list, number("SLURM_NODEID", environment("SLURM_NODEID").value_or("0")));
  const auto given = environment("MASTER_ADDR");
  const auto step = environment("SLURM_STEP_NODELIST");  // the job's nodes, or some of them
  place.address = given  ? *given
                  : step ? first_host(*step)
                         : first_host(required(environment, "SLURM_JOB_NODELIST", "SLURM"));
  const auto port = environment("MASTER_PORT");
  place.port = port ? static_cast<int>(number("MASTER_PORT", *port))
                    : port_of_job(static_cast<std::uint64_t>(required_number(environment, "SLURM_JOB_ID", "SLURM")));
}

// The job's id as OpenMPI 4 or 5 gives it: a number, or any text.
std::uint64_t openmpi_job(const Environment& environment) {
  auto text = environment("OMPI_MCA_ess_base_jobid");
  if (!text) text = environment("PMIX_NAMESPACE");
  if (!text)
    throw UsageError("OpenMPI's environment has neither PMIX_NAMESPACE nor MASTER_PORT: ranks have no port to meet at",
                     "set MASTER_PORT");
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (const char letter : *text) hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211u;
  return hash;
}

void meet_by_openmpi(const Environment& environment, Place& place) {
  const auto address = environment("MASTER_ADDR");
  const std::int64_t here = required_number(environment, "OMPI_COMM_WORLD_LOCAL_SIZE", "OpenMPI");
  if (!address && here != place.ranks)
    throw UsageError(str("OpenMPI started ", place.ranks, " ranks on several machines, and MASTER_ADDR is not set"),
                     "mpirun -x MASTER_ADDR=HOST, the machine that holds rank 0");
  place.address = address.value_or("127.0.0.1");
  const auto port = environment("MASTER_PORT");
  place.port = port ? static_cast<int>(number("MASTER_PORT", *port)) : port_of_job(openmpi_job(environment));
}

}  // namespace

const std::vector<Launcher>& launchers() {
  static const std::vector<Launcher> table{
      {"--ranks", "LUVIT_RANK", {"LUVIT_RANKS"}, "LUVIT_RANK", "LUVIT_RANKS", always, meet_here},
      {"torchrun", "RANK", {"WORLD_SIZE"}, "LOCAL_RANK", "LOCAL_WORLD_SIZE", always, meet_by_torchrun},
      {"OpenMPI",
       "OMPI_COMM_WORLD_RANK",
       {"OMPI_COMM_WORLD_SIZE"},
       "OMPI_COMM_WORLD_LOCAL_RANK",
       "OMPI_COMM_WORLD_LOCAL_SIZE",
       always,
       meet_by_openmpi},
      {"SLURM",
       "SLURM_PROCID",
       {"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"},
       "SLURM_LOCALID",
       "SLURM_NTASKS_PER_NODE",
       is_slurm_task,
       meet_by_slurm},
  };
  return table;
}

std::int64_t number(const std::string& name, const std::string& text) {
  std::int64_t value = -1;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value < 0)
    throw UsageError(str("environment variable ", name, " is '", escape(text), "', expected a whole number from 0"));
  return value;
}

std::string required(const Environment& environment, const std::string& name, const std::string& launcher) {
  if (const auto value = environment(name)) return *value;
  throw UsageError(str("the environment names ranks as ", launcher, " does, but ", name, " is not set"),
                   "set all of the variables in docs/launch.md's table or none of them");
}

std::int64_t required_number(const Environment& environment, const std::string& name, const std::string& launcher) {
  return number(name, required(environment, name, launcher));
}

std::int64_t tasks_of_node(const std::string& name, const std::string& list, std::int64_t node) {
  std::istringstream groups(list);
  std::int64_t first = 0;
  for (std::string group; std::getline(groups, group, ',');) {
    const std::size_t times = group.find("(x");
    const std::int64_t tasks = number(name, group.substr(0, times));
    first += times == std::string::npos ? 1 : number(name, group.substr(times + 2, group.size() - times - 3));
    if (node < first && tasks > 0) return tasks;
  }
  throw UsageError(str("environment variable ", name, " is '", escape(list), "', which has no tasks for node ", node));
}

std::string first_host(const std::string& node_list) {
  std::string host;
  for (std::size_t at = 0; at < node_list.size() && node_list[at] != ','; ++at) {
    if (node_list[at] != '[') {
      host += node_list[at];
      continue;
    }
    const std::size_t close = node_list.find(']', at);
    const std::size_t end = node_list.find_first_of(",-]", at + 1);
    if (close == std::string::npos || end == at + 1) {
      host.clear();
      break;
    }
    host += node_list.substr(at + 1, end - at - 1);
    at = close;
  }
  if (host.empty())
    throw UsageError(str("SLURM's node list '", escape(node_list), "' names no first host"), "set MASTER_ADDR");
  return host;
}

}  // namespace luvit
