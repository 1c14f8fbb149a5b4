#include "luvit/distributed/place.h"

#include <gtest/gtest.h>

#include "launchers.h"
#include "luvit/core/error.h"
#include "rank_processes.h"

namespace luvit::test {

namespace {

Environment environment(const Variables& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

Place find(const Variables& variables) {
  return find_place(environment(variables));
}

CoreShare cores_of(const Place& place, const Variables& variables = {}) {
  return share_of_cores(place, environment(variables));
}

Variables operator+(Variables one, const Variables& more) {
  for (const auto& [name, value] : more) one[name] = value;
  return one;
}

Variables without(Variables all, const std::string& name) {
  all.erase(name);
  return all;
}

// The error must name the variable.
void expect_refused(const Variables& variables, const std::string& name) {
  try {
    find(variables);
    ADD_FAILURE() << "accepted, though " << name << " is wrong";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
  }
}

const Variables torchrun{{"RANK", "5"},
                         {"WORLD_SIZE", "8"},
                         {"LOCAL_RANK", "1"},
                         {"LOCAL_WORLD_SIZE", "4"},
                         {"MASTER_ADDR", "node01"},
                         {"MASTER_PORT", "29501"}};
const Variables slurm{{"SLURM_PROCID", "3"},  {"SLURM_NTASKS", "4"},       {"SLURM_STEP_NUM_TASKS", "4"},
                      {"SLURM_LOCALID", "1"}, {"SLURM_JOB_ID", "1234567"}, {"SLURM_JOB_NODELIST", "gpu[03-05,9],x1"}};
const Variables openmpi{{"OMPI_COMM_WORLD_RANK", "1"},
                        {"OMPI_COMM_WORLD_SIZE", "2"},
                        {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                        {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                        {"OMPI_MCA_ess_base_jobid", "3456434177"}};
const Variables own{{"LUVIT_RANK", "1"}, {"LUVIT_RANKS", "2"}, {"LUVIT_PORT", "4711"}};

}  // namespace

TEST(Place, AloneWithoutALauncher) {
  const Place place = find({{"PATH", "/bin"}, {"MASTER_ADDR", "left-over"}});
  EXPECT_EQ(place.ranks, 1);
  EXPECT_EQ(place.launcher, "");
}

TEST(Place, Torchrun) {
  const Place place = find(torchrun);
  EXPECT_EQ(place.launcher, "torchrun");
  EXPECT_EQ(place.rank, 5);
  EXPECT_EQ(place.ranks, 8);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.local_ranks, 4);
  EXPECT_EQ(place.address, "node01");
  EXPECT_EQ(place.port, 29501);
  EXPECT_FALSE(place.store_is_kept);
  const Place restarted =
      find(torchrun + Variables{{"TORCHELASTIC_USE_AGENT_STORE", "True"}, {"TORCHELASTIC_RESTART_COUNT", "2"}});
  EXPECT_TRUE(restarted.store_is_kept);
  EXPECT_EQ(restarted.attempt, 2);
}

TEST(Place, Slurm) {
  const Place place = find(slurm);
  EXPECT_EQ(place.launcher, "SLURM");
  EXPECT_EQ(place.rank, 3);
  EXPECT_EQ(place.ranks, 4);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.address, "gpu03");
  EXPECT_EQ(place.port, 24567);
  EXPECT_EQ(find(without(slurm, "SLURM_STEP_NUM_TASKS")).ranks, 4);
  const Place set = find(slurm + Variables{{"MASTER_ADDR", "other"}, {"MASTER_PORT", "1000"}});
  EXPECT_EQ(set.address, "other");
  EXPECT_EQ(set.port, 1000);
}

TEST(Place, ASlurmJobsShellOrSingleTaskIsNoLauncher) {
  EXPECT_EQ(find({{"SLURM_JOB_ID", "7"}, {"SLURM_NTASKS", "4"}, {"SLURM_JOB_NODELIST", "a"}}).launcher, "");  // salloc
  EXPECT_EQ(find(without(slurm, "SLURM_STEP_NUM_TASKS") + Variables{{"SLURM_PROCID", "0"}, {"ENVIRONMENT", "BATCH"}})
                .launcher,
            "");  // sbatch
  EXPECT_EQ(find(slurm + Variables{{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}}).launcher, "");
  EXPECT_EQ(find(slurm + Variables{{"ENVIRONMENT", "BATCH"}}).launcher, "SLURM");  // srun in sbatch's script
}

TEST(Place, SlurmsTasksOfThisNode) {
  const auto here = [](const Variables& more) { return find(slurm + more).local_ranks; };
  EXPECT_EQ(here({{"SLURM_TASKS_PER_NODE", "8(x4)"}, {"SLURM_NODEID", "3"}}), 8);
  EXPECT_EQ(here({{"SLURM_STEP_TASKS_PER_NODE", "4,2(x2)"}, {"SLURM_TASKS_PER_NODE", "8"}, {"SLURM_NODEID", "0"}}), 4);
  EXPECT_EQ(here({{"SLURM_STEP_TASKS_PER_NODE", "4,2(x2)"}, {"SLURM_NODEID", "2"}}), 2);
  EXPECT_EQ(here({{"SLURM_NTASKS_PER_NODE", "3"}, {"SLURM_TASKS_PER_NODE", "8"}}), 3);
  for (const char* list : {"", "4", "x", "4(x", "4(x)", "(x2)", "0(x2)"})
    expect_refused(slurm + Variables{{"SLURM_TASKS_PER_NODE", list}, {"SLURM_NODEID", "1"}}, "SLURM_TASKS_PER_NODE");
}

TEST(Place, SlurmsNodeLists) {
  for (const auto& [list, host] : Variables{{"node7", "node7"},
                                            {"a,b", "a"},
                                            {"node[03-05,9],x1", "node03"},
                                            {"node[9,12]", "node9"},
                                            {"r[1-2]n[04-06].cluster", "r1n04.cluster"}})
    EXPECT_EQ(first_host(list), host);
  for (const char* list : {"", ",a", "node[", "node[]", "node[3"}) EXPECT_THROW(first_host(list), UsageError) << list;
}

TEST(Place, OpenMpi) {
  const Place place = find(openmpi);
  EXPECT_EQ(place.launcher, "OpenMPI");
  EXPECT_EQ(place.rank, 1);
  EXPECT_EQ(place.address, "127.0.0.1");
  EXPECT_GE(place.port, 20000);
  EXPECT_LT(place.port, 30000);
  EXPECT_EQ(find(openmpi + Variables{{"OMPI_COMM_WORLD_RANK", "0"}}).port, place.port);
  EXPECT_NE(find(openmpi + Variables{{"OMPI_MCA_ess_base_jobid", "3456434178"}}).port, place.port);
  const Variables far = openmpi + Variables{{"OMPI_COMM_WORLD_SIZE", "4"}};
  expect_refused(far, "MASTER_ADDR");
  EXPECT_EQ(find(far + Variables{{"MASTER_ADDR", "node01"}}).address, "node01");
}

TEST(Place, OurOwnWinsOverWhatLiesAround) {
  EXPECT_EQ(find(own + slurm).launcher, "--ranks");
  EXPECT_EQ(find(own).address, "127.0.0.1");
  EXPECT_EQ(find(own).port, 4711);
}

TEST(Place, HalfASetAndNonsenseAreRefused) {
  for (const char* name : {"RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"})
    expect_refused(without(torchrun, name), name);
  for (const char* name : {"SLURM_LOCALID", "SLURM_JOB_ID", "SLURM_JOB_NODELIST"})
    expect_refused(without(slurm, name), name);
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"})
    expect_refused(without(openmpi, name), name);
  for (const char* nonsense : {"", "x", "-1", "1.5", " 1", "99999999999999999999"}) {
    expect_refused(torchrun + Variables{{"RANK", nonsense}}, "RANK");
    expect_refused(slurm + Variables{{"SLURM_PROCID", nonsense}}, "SLURM_PROCID");
  }
  expect_refused(torchrun + Variables{{"MASTER_PORT", "70000"}}, "MASTER_PORT");
  expect_refused(torchrun + Variables{{"RANK", "8"}}, "RANK");
  expect_refused(torchrun + Variables{{"WORLD_SIZE", "0"}}, "WORLD_SIZE");
}

TEST(Place, TorchrunInsideSlurmWinsIfTheyAgree) {
  const Variables nodes = slurm + Variables{{"SLURM_STEP_NUM_TASKS", "2"}, {"SLURM_PROCID", "1"}};
  EXPECT_EQ(find(torchrun + nodes).launcher, "torchrun");
  EXPECT_EQ(find(torchrun + nodes + Variables{{"GROUP_WORLD_SIZE", "2"}}).ranks, 8);
  expect_refused(torchrun + nodes + Variables{{"GROUP_WORLD_SIZE", "1"}}, "GROUP_WORLD_SIZE");
  expect_refused(torchrun + nodes + Variables{{"SLURM_STEP_NUM_TASKS", "3"}}, "SLURM_STEP_NUM_TASKS");
}

TEST(Place, CoresAreShared) {
  const CoreShare all = cores_of({});
  EXPECT_EQ(all.workers, std::max<std::int64_t>(1, all.threads - 1));
  EXPECT_EQ(cores_of({.local_ranks = 2, .launcher = "--ranks"}).threads, std::max<std::int64_t>(1, all.threads / 2));
  EXPECT_EQ(cores_of({.local_ranks = 1000, .launcher = "--ranks"}).threads, 1);
}

// torchrun sets it to 1, as a guard for programs that would else all take every core: no word on who reads the data.
TEST(Place, OmpNumThreadsIsForArithmeticOnly) {
  for (const char* threads : {"1", "7", "7,2"}) {
    const CoreShare share = cores_of({}, {{"OMP_NUM_THREADS", threads}});
    EXPECT_EQ(share.threads, threads[0] - '0');
    EXPECT_EQ(share.workers, cores_of({}).workers);
  }
}

}  // namespace luvit::test
