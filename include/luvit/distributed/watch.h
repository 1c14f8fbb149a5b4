#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "luvit/distributed/place.h"

namespace luvit {

// Watches the other ranks from a thread of its own, over connections of its own: a rank that says nothing for a
// quarter of the timeout is reported as slow, shortly before the timeout, or when its connection breaks, as lost. Rank
// 0 watches all and tells all; the others watch rank 0. on_lost is called once, with one line that names the rank; a
// collective that is stuck cannot be relied on to return, so it must end the process.
class Watch {
 public:
  struct Loss {
    enum class Kind {
      failed,  // the rank says so itself (failing())
      lost,    // without a word of its own
      stuck    // no rank is to blame: all have been waiting for each other for longer than the timeout
    };
    Kind kind;
    std::int64_t rank;  // stuck: 0
    std::string line;
  };
  struct Handlers {
    std::function<void(const std::string& line)> on_slow;
    std::function<void(const Loss& loss)> on_lost;
    std::function<bool()> waiting;  // this rank waits for others (Ranks::waiting): it is silent for their sake
  };
  virtual ~Watch() = default;  // says goodbye: the others do not take it for a loss (unless an exception unwinds)
  // The training goes forward (called every step, from any thread): a rank whose process lives but hangs is silent
  // too. Until the first call the process alone is watched: a start may take its time.
  virtual void alive() = 0;
  // This rank is about to end because of `error`: the others' line is "rank R on HOST: ERROR".
  virtual void failing(const std::string& error) = 0;
};

// Returns when all ranks are connected; RunError if one does not come within the timeout. With one rank there is
// nothing to watch.
std::unique_ptr<Watch> watch_ranks(const Place& place, std::chrono::seconds timeout, Watch::Handlers handlers);

}  // namespace luvit
