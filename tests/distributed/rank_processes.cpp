#include "rank_processes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "socket.h"

namespace luvit::test {

namespace {

constexpr const char *body_variable = "LUVIT_TEST_BODY", *listener_variable = "LUVIT_TEST_LISTENER";

// With the listener that start_ranks has handed over: nobody can snatch the port away meanwhile.
Place own_place() {
  Place place = find_place(process_environment());
  if (const char* listener = std::getenv(listener_variable)) {
    if (place.rank == 0 && place.ranks > 1)
      place.listener = std::stoi(listener);
    else
      close(std::stoi(listener));
    unsetenv(listener_variable);
  }
  return place;
}

std::map<std::string, Body>& bodies() {
  static std::map<std::string, Body> all;
  return all;
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  std::filesystem::remove(path);
  return text.str();
}

}  // namespace

Registered::Registered(const char* name, Body body) {
  bodies()[name] = body;
}

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

Process start_alone(const std::string& body, const Variables& variables) {
  static int started = 0;
  const std::string name = "luvit-rank-" + std::to_string(getpid()) + "-" + std::to_string(started++);
  const std::string path = (std::filesystem::temp_directory_path() / name).string();
  Process process{fork(), path + ".out", path + ".err"};
  if (process.id != 0) return process;
  setenv(body_variable, body.c_str(), 1);
  for (const auto& [variable, value] : variables) setenv(variable.c_str(), value.c_str(), 1);
  if (!freopen(process.output_path.c_str(), "w", stdout) || !freopen(process.errors_path.c_str(), "w", stderr))
    _exit(126);
  execl("/proc/self/exe", "distributed_tests", static_cast<char*>(nullptr));
  _exit(127);
}

std::vector<Process> start_ranks(std::int64_t count, const std::string& body, const Variables& more) {
  const Socket listener = listen_on_free_port();
  std::vector<Process> processes;
  for (std::int64_t rank = 0; rank < count; ++rank) {
    fcntl(listener.descriptor(), F_SETFD, rank == 0 ? 0 : FD_CLOEXEC);  // the first process takes it over
    Variables variables{{"RANK", std::to_string(rank)},
                        {"WORLD_SIZE", std::to_string(count)},
                        {"LOCAL_RANK", std::to_string(rank)},
                        {"LOCAL_WORLD_SIZE", std::to_string(count)},
                        {"MASTER_ADDR", "127.0.0.1"},
                        {"MASTER_PORT", std::to_string(port_of(listener))},
                        {"OMP_NUM_THREADS", "1"}};
    if (rank == 0) variables[listener_variable] = std::to_string(listener.descriptor());
    for (const auto& [name, value] : more) variables[name] = value;
    processes.push_back(start_alone(body, variables));
  }
  return processes;
}

Ended wait_for(const Process& process) {
  int status = 0;
  waitpid(process.id, &status, 0);
  Ended ended;
  ended.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ended.output = content(process.output_path);
  ended.errors = content(process.errors_path);
  return ended;
}

testing::AssertionResult ranks_hold(std::int64_t count, const std::string& body, const Variables& more) {
  const std::vector<Process> processes = start_ranks(count, body, more);
  std::ostringstream failures;
  for (std::size_t rank = 0; rank < processes.size(); ++rank) {
    const Ended ended = wait_for(processes[rank]);
    if (ended.exit == 0 && ended.errors.empty()) continue;
    failures << body << ", rank " << rank << " of " << count << " ended with " << ended.exit << ": " << ended.errors
             << '\n';
  }
  return failures.str().empty() ? testing::AssertionSuccess() : testing::AssertionFailure() << failures.str();
}

}  // namespace luvit::test

int main(int argc, char** argv) {
  if (const char* body = std::getenv(luvit::test::body_variable)) {
    try {
      luvit::test::bodies().at(body)(luvit::test::own_place());
      return 0;
    } catch (const std::exception& error) {
      std::cerr << error.what() << std::endl;
      return 1;
    }
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
