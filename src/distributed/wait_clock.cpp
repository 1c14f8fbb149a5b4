#include "wait_clock.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace luvit {

WaitClock::Wait::Wait(WaitClock& clock) : clock_(clock), begin_event_(clock.record()) {
  ++clock_.waiting_;
}

WaitClock::Wait::~Wait() {
  --clock_.waiting_;
  try {
    std::optional<c10::Event> end = clock_.record();
    const std::lock_guard lock(clock_.mutex_);
    if (end)
      clock_.pending_.push_back({std::move(*begin_event_), std::move(*end)});
    else
      clock_.seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    clock_.read_events();
  } catch (...) {  // a device that failed; whoever computes on it next says so. This measurement is dropped.
  }
}

double WaitClock::seconds() {
  const std::lock_guard lock(mutex_);
  read_events();
  return seconds_;
}

bool WaitClock::waiting() {
  if (waiting_ > 0) return true;
  try {
    const std::lock_guard lock(mutex_);
    read_events();
    return !pending_.empty() && pending_.front().begin.query();
  } catch (...) {  // as above
    return false;
  }
}

std::optional<c10::Event> WaitClock::record() const {
  if (!device_.is_cuda()) return std::nullopt;
  c10::Event event(device_.type(), c10::EventFlag::BACKEND_DEFAULT);  // PYTORCH_DEFAULT has no times
  event.record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  return event;
}

void WaitClock::read_events() {
  for (; !pending_.empty() && pending_.front().end.query(); pending_.pop_front())
    seconds_ += pending_.front().begin.elapsedTime(pending_.front().end) / 1000;
}

}  // namespace luvit
