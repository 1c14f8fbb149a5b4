#include "luvit/distributed/watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "rendezvous.h"
#include "roll.h"
#include "watch_meeting.h"

namespace luvit {

namespace {

using std::chrono::milliseconds;
using Kind = WatchMessage::Kind;
using Clock = std::chrono::steady_clock;

constexpr milliseconds farewell_time(500);

// What ends a run, as it travels.
constexpr std::pair<Kind, Watch::Loss::Kind> endings[] = {{Kind::failed, Watch::Loss::Kind::failed},
                                                          {Kind::lost, Watch::Loss::Kind::lost},
                                                          {Kind::stuck, Watch::Loss::Kind::stuck}};

std::uint32_t on_the_wire(Clock::duration time) {
  const std::int64_t count = std::chrono::duration_cast<milliseconds>(time).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, std::numeric_limits<std::uint32_t>::max()));
}

struct NothingToWatch : Watch {
  void alive() override {}
  void failing(const std::string&) override {}
};

class WatchThread : public Watch {
 public:
  WatchThread(const Place& place, std::chrono::seconds timeout, Handlers handlers);
  ~WatchThread() override;
  void alive() override { forward_ = Clock::now().time_since_epoch().count(); }
  void failing(const std::string& error) override;

 private:
  void run();
  void beat();
  void listen();
  bool look();                   // whether all is well
  bool handle(WatchPeer& peer);  // "
  // Tells the peers, then the handler.
  void lost(const Loss& loss);
  void tell_all(const WatchMessage& message);
  void finish(milliseconds time);       // after the last message
  void farewell(WatchMessage message);  // the thread's last words
  WatchMessage own_state();

  Place place_;
  Handlers handlers_;
  milliseconds beat_;
  WatchMeeting meeting_;  // keeps what the others meet by
  Roll roll_;
  Socket wake_;
  std::atomic<Clock::rep> forward_ = 0;  // 0: not yet
  // What own_state() saw last.
  Clock::rep seen_forward_ = 0;
  Clock::time_point seen_waiting_{};
  std::optional<Clock::time_point> waits_since_;  // without going forward in between
  std::mutex mutex_;
  std::optional<WatchMessage> farewell_;
  int exceptions_ = std::uncaught_exceptions();
  std::thread thread_;
};

WatchThread::WatchThread(const Place& place, std::chrono::seconds timeout, Handlers handlers)
    : place_(place),
      handlers_(std::move(handlers)),
      beat_(std::clamp<milliseconds>(milliseconds(timeout) / 20, milliseconds(50), milliseconds(1000))),
      meeting_(place, timeout),
      roll_(timeout, Clock::now()),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  for (const WatchPeer& peer : meeting_.peers) roll_.add(peer.rank, peer.host);
  if (place.rank == 0) roll_.add(0, meeting_.own_host);  // nobody but itself tells all of rank 0's standing still
  thread_ = std::thread([this] { run(); });
}

WatchThread::~WatchThread() {
  if (std::uncaught_exceptions() > exceptions_)
    farewell({.kind = Kind::failed,
              .number = static_cast<std::uint32_t>(place_.rank),
              .text = str(rank_on(place_.rank, meeting_.own_host), " ended by an error; its own output has it")});
  else
    farewell({.kind = Kind::goodbye});
}

void WatchThread::failing(const std::string& error) {
  farewell({.kind = Kind::failed,
            .number = static_cast<std::uint32_t>(place_.rank),
            .text = str(rank_on(place_.rank, meeting_.own_host), ": ", escape(error))});
}

void WatchThread::farewell(WatchMessage message) {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    farewell_ = std::move(message);
  }
  eventfd_write(wake_.descriptor(), 1);
  if (thread_.get_id() != std::this_thread::get_id()) thread_.join();
}

void WatchThread::run() {
  for (auto next = Clock::now();;) {
    listen();
    {
      const std::lock_guard lock(mutex_);
      if (farewell_) {
        tell_all(*farewell_);
        finish(farewell_time);
        return;
      }
    }
    for (WatchPeer& peer : meeting_.peers)
      if (!handle(peer)) return;
    if (Clock::now() < next) continue;
    next = Clock::now() + beat_;
    beat();
    if (!look()) return;
  }
}

// Until something comes, or it is time for the next beat.
void WatchThread::listen() {
  std::vector<pollfd> wanted{{wake_.descriptor(), POLLIN, 0}};
  for (const WatchPeer& peer : meeting_.peers)
    if (!peer.left) wanted.push_back({peer.connection.descriptor(), POLLIN, 0});
  poll(wanted.data(), wanted.size(), static_cast<int>(beat_.count()));
}

bool WatchThread::handle(WatchPeer& peer) {
  if (peer.left) return true;
  while (const auto message = peer.connection.receive()) {
    if (message->kind == Kind::beat) roll_.heard(peer.rank, Clock::now(), milliseconds(message->number));
    if (message->kind == Kind::waiting) roll_.waits(peer.rank, Clock::now(), milliseconds(message->number));
    if (message->kind == Kind::goodbye) peer.left = true;
    for (const auto& [kind, means] : endings)
      if (message->kind == kind) return lost({means, message->number, message->text}), false;
  }
  if (peer.left) {
    roll_.left(peer.rank);
    peer.connection.close();  // it waits for this before it closes its own side
  }
  if (peer.left || !peer.connection.broken()) return true;
  return lost({Loss::Kind::lost, peer.rank, roll_.broken(peer.rank)}), false;
}

void WatchThread::beat() {
  const WatchMessage own = own_state();
  const milliseconds time(own.number);
  if (place_.rank == 0)
    own.kind == Kind::waiting ? roll_.waits(0, Clock::now(), time) : roll_.heard(0, Clock::now(), time);
  tell_all(own);
}

WatchMessage WatchThread::own_state() {
  const Clock::rep forward = forward_;  // before the time is read: it must not lie after it
  const Clock::time_point now = Clock::now();
  const bool moved = std::exchange(seen_forward_, forward) != forward;
  if (handlers_.waiting && handlers_.waiting()) {
    if (moved || !waits_since_) waits_since_ = now;
    seen_waiting_ = now;
    return {.kind = Kind::waiting, .number = on_the_wire(now - *waits_since_)};
  }
  waits_since_.reset();
  if (forward == 0) return {.kind = Kind::beat};
  return {.kind = Kind::beat,
          .number = on_the_wire(now - std::max(seen_waiting_, Clock::time_point(Clock::duration(forward))))};
}

bool WatchThread::look() {
  const Roll::Findings findings = roll_.look(Clock::now());
  if (handlers_.on_slow)
    for (const std::string& line : findings.slow) handlers_.on_slow(line);
  if (!findings.lost.empty()) return lost({Loss::Kind::lost, findings.lost_rank, findings.lost}), false;
  const std::string stuck = place_.rank == 0 ? roll_.stuck(Clock::now()) : "";  // it alone hears of all
  if (!stuck.empty()) return lost({Loss::Kind::stuck, 0, stuck}), false;
  return true;
}

void WatchThread::lost(const Loss& loss) {
  for (const auto& [kind, means] : endings)
    if (loss.kind == means) tell_all({kind, static_cast<std::uint32_t>(loss.rank), loss.line});
  finish(milliseconds(100));
  if (handlers_.on_lost) handlers_.on_lost(loss);
}

void WatchThread::tell_all(const WatchMessage& message) {
  for (WatchPeer& peer : meeting_.peers)
    if (!peer.left) peer.connection.send(message);
}

void WatchThread::finish(milliseconds time) {
  const auto end = Clock::now() + time;
  for (WatchPeer& peer : meeting_.peers)
    if (!peer.left) peer.connection.finish(end);
}

}  // namespace

std::unique_ptr<Watch> watch_ranks(const Place& place, std::chrono::seconds timeout, Watch::Handlers handlers) {
  if (place.ranks == 1) return std::make_unique<NothingToWatch>();
  return std::make_unique<WatchThread>(place, timeout, std::move(handlers));
}

}  // namespace luvit
