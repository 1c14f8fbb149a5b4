#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "luvit/distributed/ranks.h"
#include "luvit/distributed/watch.h"

namespace luvit {

// This rank and the others of its run, from meeting to parting: what training says to them besides tensors. All ranks
// must make the same calls in the same order, but for alive().
class Team {
 public:
  Team();  // of one
  Team(std::string program, const Place& place, at::Device device, std::chrono::seconds timeout);
  ~Team();

  Ranks& ranks() { return *ranks_; }
  std::int64_t rank() const { return ranks_->rank(); }
  std::int64_t size() const { return ranks_->size(); }
  bool leads() const { return rank() == 0; }

  // Training goes forward; from any thread.
  void alive();
  // The leader's text, on all ranks.
  std::string from_leader(const std::string& text);
  // Something that may fail on some ranks alone. Where it does, all of them end: the first that failed with its error,
  // the others with its line in their logs.
  void together(const std::function<void()>& part);
  // Something that must be the same everywhere: UsageError with both values and the rank that differs.
  void require_same(const std::string& what, const std::string& own);
  // Called before an error that all ranks throw: they part as friends, and `teller` alone says it on the terminal.
  void part(std::int64_t teller);
  // This rank ends alone, with the exception being handled: said here, and to the others.
  [[noreturn]] void fail();

 private:
  void lost(const Watch::Loss& loss);
  bool speaks_of(const Watch::Loss& loss) const;
  std::string program_, launcher_;
  std::unique_ptr<Ranks> ranks_;
  std::mutex watch_in_use_;       // alive() comes from any thread, and parting ends the watch
  std::unique_ptr<Watch> watch_;  // last: its thread uses the others
};

// Keeps a rank from being taken for lost while it does something long that the others wait for.
class SignsOfLife {
 public:
  explicit SignsOfLife(Team& team);
  ~SignsOfLife();

 private:
  struct Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace luvit
