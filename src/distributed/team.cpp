#include "luvit/distributed/team.h"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

// Two threads may find out that the run is over; the first to claim it says why and ends the process.
bool claim_the_end() {
  static std::atomic<bool> claimed{false};
  return !claimed.exchange(true);
}

// Without destructors: those of connections would wait for ranks that are gone.
[[noreturn]] void end_process(int code) {
  std::cout.flush();
  log_flush();
  std::_Exit(code);
}

}  // namespace

Team::Team() : ranks_(one_rank()), watch_(watch_ranks({}, {}, {})) {}

Team::Team(std::string program, const Place& place, at::Device device, std::chrono::seconds timeout)
    : program_(std::move(program)),
      launcher_(place.launcher),
      ranks_(join_ranks(place, {.device = device, .timeout = timeout})) {
  watch_ = watch_ranks(place, timeout,
                       {.on_slow = log_warning,
                        .on_lost = [this](const Watch::Loss& loss) { lost(loss); },
                        .waiting = [this] { return ranks_->waiting(); }});
}

Team::~Team() = default;

// Where one terminal shows all ranks, one line is enough: of the rank that failed, or if it cannot, of one that is
// left.
bool Team::speaks_of(const Watch::Loss& loss) const {
  if (loss.kind == Watch::Loss::Kind::failed) return false;
  return leads() || (rank() == 1 && loss.kind == Watch::Loss::Kind::lost && loss.rank == 0);
}

// From the watch's thread.
void Team::lost(const Watch::Loss& loss) {
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // a rank that failed ends first: its code is the run's
  if (!claim_the_end()) return;
  std::signal(SIGALRM, SIG_DFL);
  alarm(5);  // the log may be held by a thread that hangs in a write
  if (launcher_ == "--ranks" && !speaks_of(loss)) log_to_file_only();
  log_error(str(program_, ", rank ", rank(), ": error: ", loss.line));
  log_error("hint: run the same command again: it continues from the newest checkpoint");
  end_process(static_cast<int>(Exit::failure));
}

void Team::fail() {
  while (!claim_the_end()) std::this_thread::sleep_for(std::chrono::seconds(1));
  const int code = report_failure(program_, str("rank ", rank()));
  if (watch_) watch_->failing(current_error().lines().front());
  end_process(code);
}

void Team::alive() {
  const std::lock_guard lock(watch_in_use_);
  if (watch_) watch_->alive();
}

std::string Team::from_leader(const std::string& text) {
  return ranks_->gather_text(leads() ? text : "").front();
}

void Team::together(const std::function<void()>& part_of_all) {
  std::exception_ptr failure;
  std::string told;  // "EXIT LINE"; nothing: it went well
  try {
    part_of_all();
  } catch (...) {
    failure = std::current_exception();
    const Error error = current_error();
    told = str(static_cast<int>(error.exit()), " ", error.lines().front());
  }
  const std::vector<std::string> all = ranks_->gather_text(told);
  for (std::int64_t first = 0; first < size(); ++first) {
    const std::string& text = all[static_cast<std::size_t>(first)];
    if (text.empty()) continue;
    part(first);
    if (first == rank()) std::rethrow_exception(failure);
    throw Error(static_cast<Exit>(std::atoi(text.c_str())), str("rank ", first, ": ", text.substr(text.find(' ') + 1)),
                str("see what rank ", first, " said"));
  }
}

void Team::require_same(const std::string& what, const std::string& own) {
  const std::vector<std::string> all = ranks_->gather_text(own);
  for (std::int64_t other = 1; other < size(); ++other) {
    const std::string& value = all[static_cast<std::size_t>(other)];
    if (value == all.front()) continue;
    part(/*teller=*/0);
    throw UsageError(str(what, ": ", value, " on rank ", other, ", ", all.front(), " on rank 0"),
                     "start all ranks with the same program, config, data and weights");
  }
}

void Team::part(std::int64_t teller) {
  ranks_->wait_for_all();
  {
    const std::lock_guard lock(watch_in_use_);
    watch_.reset();
  }
  if (rank() != teller) log_to_file_only();
}

struct SignsOfLife::Thread {
  std::mutex mutex;
  std::condition_variable over;
  bool ended = false;
  std::jthread thread;
};

SignsOfLife::SignsOfLife(Team& team) : thread_(std::make_unique<Thread>()) {
  if (team.size() == 1) return;
  thread_->thread = std::jthread([&team, shared = thread_.get()] {
    std::unique_lock lock(shared->mutex);
    while (!shared->over.wait_for(lock, std::chrono::milliseconds(500), [&] { return shared->ended; })) team.alive();
  });
}

SignsOfLife::~SignsOfLife() {
  {
    const std::lock_guard lock(thread_->mutex);
    thread_->ended = true;
  }
  thread_->over.notify_all();
}

}  // namespace luvit
