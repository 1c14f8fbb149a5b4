#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "luvit/distributed/place.h"

namespace luvit {

// Watches the other ranks from a thread of its own, over connections of its own: a rank that says nothing for a
// quarter of the timeout is reported as slow, at the timeout, or when its connection breaks, as lost. on_lost is
// called once, with one line that names the rank; a collective that is stuck cannot be relied on to return, so it
// must end the process.
class Watch {
 public:
  struct Handlers {
    std::function<void(const std::string&line)> on_slow, on_lost;
    std::function<bool()> waiting;  // this rank waits for others (Ranks::waiting): it is silent for their sake
  };
  virtual ~Watch() = default;  // says goodbye: the others do not take it for a loss
  // The training goes forward (called every step, from any thread): a rank whose process lives but hangs is silent too.
  virtual void alive() = 0;
};

std::unique_ptr<Watch> watch_ranks(const Place& place, std::chrono::seconds timeout, Watch::Handlers handlers);

}  // namespace luvit
