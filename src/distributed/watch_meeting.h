#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "rendezvous.h"
#include "watch_connection.h"

namespace luvit {

struct WatchPeer {
  std::int64_t rank;
  std::string host;
  WatchConnection connection;
  bool left = false;  // said goodbye
};

// The connections of the watch: rank 0's to all others, each other's to rank 0.
struct WatchMeeting {
  WatchMeeting(const Place& place, std::chrono::seconds timeout);

  Rendezvous rendezvous;
  std::string own_host;
  std::vector<WatchPeer> peers;

 private:
  void invite(const Place& place, const Socket& listener, const std::string& token,
              std::chrono::steady_clock::time_point end);
  void follow(const Place& place, std::chrono::seconds timeout);
};

}  // namespace luvit
