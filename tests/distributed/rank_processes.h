#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "luvit/distributed/place.h"

// Real ranks for tests: this program started again, once a rank, to run one of the bodies registered by RANKS_DO.
namespace luvit::test {

using Body = void (*)(const Place& place);

struct Registered {
  Registered(const char* name, Body body);
};

// What the ranks do: throws, or fails an expectation of its own, where something is wrong.
#define RANKS_DO(name)                                                            \
  static void ranks_do_##name([[maybe_unused]] const luvit::Place& place);        \
  static const luvit::test::Registered registered_##name(#name, ranks_do_##name); \
  static void ranks_do_##name([[maybe_unused]] const luvit::Place& place)

// A rank under way.
struct Process {
  int id = -1;
  std::string output_path, errors_path;  // where its standard output and error go
};
struct Ended {
  int exit = -1;  // code, or 128 + signal
  std::string output, errors;
};

using Variables = std::map<std::string, std::string>;
Process start_alone(const std::string& body, const Variables& variables = {});
std::vector<Process> start_ranks(std::int64_t count, const std::string& body, const Variables& more = {});
Ended wait_for(const Process& process);
// Starts them and waits; every rank must end with 0.
[[nodiscard]] testing::AssertionResult ranks_hold(std::int64_t count, const std::string& body,
                                                  const Variables& more = {});

// In a body: throws where it does not hold.
void require(bool holds, const std::string& what);

}  // namespace luvit::test
