#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace luvit {

// What a rank knows of those it watches, and what it concludes: no sockets, no threads, and time comes from outside.
class Roll {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  Roll(std::chrono::seconds timeout, Time now) : timeout_(timeout), begin_(now) {}
  void add(std::int64_t rank, const std::string& host);

  // A beat: the process lives, and has gone forward until `idle` ago.
  void heard(std::int64_t rank, Time now, std::chrono::milliseconds idle);
  // The same of a process that has been waiting for others for `time`.
  void waits(std::int64_t rank, Time now, std::chrono::milliseconds time);
  void left(std::int64_t rank);  // it said goodbye

  struct Findings {
    std::vector<std::string> slow;  // lines, each rank once until it is heard again
    std::string lost;               // one line for all of them; empty: none
    std::int64_t lost_rank = -1;    // the one that has been silent longest
  };
  Findings look(Time now);
  // The line for all on the roll waiting for longer than the timeout; empty: one of them does not.
  std::string stuck(Time now) const;
  std::string broken(std::int64_t rank) const;  // the line for a connection that broke

 private:
  struct Entry {
    std::int64_t rank;
    std::string host;
    Time heard, forward;
    std::optional<Time> waits_since;
    bool left = false, told_slow = false;
  };
  Entry& entry(std::int64_t rank);
  std::chrono::milliseconds silence(const Entry& entry, Time now) const;

  std::chrono::milliseconds timeout_;
  Time begin_;
  std::vector<Entry> entries_;
};

// "rank 3 on node07"
std::string rank_on(std::int64_t rank, const std::string& host);

}  // namespace luvit
