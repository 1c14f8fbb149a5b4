#pragma once
#include <c10/util/intrusive_ptr.h>

#include <chrono>
#include <functional>
#include <string>

#include "luvit/distributed/place.h"

namespace c10d {
class Store;
}

namespace luvit {

// Where the ranks of a run exchange a few words before they have connections of their own: c10d's TCPStore at
// place.address:port, kept by rank 0 or by the launcher. Words for one purpose are not seen by another.
class Rendezvous {
 public:
  // Returns when all ranks are there; RunError naming those that are not when the time is over.
  Rendezvous(const Place& place, std::chrono::seconds timeout, const std::string& purpose);
  ~Rendezvous();

  void put(const std::string& key, const std::string& text);
  std::string get(const std::string& key);  // waits for it

  // This machine's address as the other ranks reach it. A host name of its own often leads to the loopback device
  // only (Debian writes 127.0.1.1 into /etc/hosts): then the way to a rank on another machine decides.
  std::string own_address();

  const c10::intrusive_ptr<c10d::Store>& store() const { return store_; }

 private:
  void wait_for_ranks();
  std::string call_roll(const std::function<std::string(std::int64_t)>& here);  // who is missing; empty: nobody

  Place place_;
  std::chrono::seconds timeout_;
  c10::intrusive_ptr<c10d::Store> store_;
};

}  // namespace luvit
