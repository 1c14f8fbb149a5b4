#pragma once
#include <c10/core/Device.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>

namespace luvit {

// Adds up the time between the begins and ends of waits. On CUDA a wait is one of the stream's, not of this thread:
// it is measured by events in the stream, read once the device has passed them.
class WaitClock {
 public:
  explicit WaitClock(at::Device device) : device_(device) {}

  class Wait {
   public:
    explicit Wait(WaitClock& clock);
    ~Wait();
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

   private:
    WaitClock& clock_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    std::optional<c10::Event> begin_event_;
  };

  double seconds();
  bool waiting();  // the thread, or the device's stream

 private:
  struct Events {
    c10::Event begin, end;
  };
  std::optional<c10::Event> record() const;
  void read_events();

  at::Device device_;
  std::atomic<int> waiting_ = 0;
  std::mutex mutex_;
  double seconds_ = 0;
  std::deque<Events> pending_;
};

}  // namespace luvit
