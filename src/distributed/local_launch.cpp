#include "luvit/distributed/local_launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "names.h"
#include "socket.h"

namespace luvit {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds grace{5};  // after one has failed: the watch tells the others at once

// While it lives, these signals wait to be taken by sigtimedwait.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&held_);
    for (const int one : {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGCHLD}) sigaddset(&held_, one);
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &plain, &child_before_);  // where it is ignored, children leave no exit code
    pthread_sigmask(SIG_BLOCK, &held_, &before_);
  }
  ~HeldSignals() {
    sigaction(SIGCHLD, &child_before_, nullptr);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  std::optional<int> next(std::chrono::milliseconds time) const {
    const timespec patience{time.count() / 1000, time.count() % 1000 * 1000000};
    const int signal = sigtimedwait(&held_, nullptr, &patience);
    return signal > 0 ? std::optional<int>(signal) : std::nullopt;
  }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t held_, before_;
  struct sigaction child_before_ {};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

class LocalRanks {
 public:
  LocalRanks(std::int64_t ranks, char** argv) : ranks_(ranks), argv_(argv), listener_(listen_on_free_port()) {}
  ~LocalRanks() { end_all(SIGKILL); }
  int run();

 private:
  struct Child {
    std::int64_t rank;
    pid_t id;
    bool ended = false, killed = false;  // killed: by us
  };
  void start(std::int64_t rank);
  [[noreturn]] void become_rank(std::int64_t rank, pid_t parent, char** environment) const;
  void reap();
  void note(const Child& child, int status);
  void end_all(int signal);
  bool all_ended() const;
  void speak_for_ranks() const;

  std::int64_t ranks_;
  char** argv_;
  Socket listener_;
  HeldSignals signals_;
  std::vector<Child> children_;
  std::optional<int> failure_;  // exit code of the rank that failed first
  bool stopped_ = false;        // one ended with 75
  bool told_ = false;           // rank 0 or 1 failed by itself: one of them has said why the run ends (Team::lost)
  Clock::time_point patience_{};
};

int LocalRanks::run() {
  for (std::int64_t rank = 0; rank < ranks_; ++rank) start(rank);
  listener_ = Socket();  // rank 0 has it
  while (!all_ended()) {
    const std::optional<int> signal = signals_.next(std::chrono::milliseconds(200));
    if (signal && *signal != SIGCHLD) end_all(*signal);
    reap();
    if (failure_ && Clock::now() > patience_) end_all(SIGKILL);
  }
  if (failure_ && !told_) speak_for_ranks();
  if (failure_) return *failure_;
  return static_cast<int>(stopped_ ? Exit::stopped : Exit::ok);
}

void LocalRanks::start(std::int64_t rank) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable; ++variable) variables.emplace_back(*variable);
  for (const auto& [name, value] : {std::pair<const char*, std::int64_t>{"LUVIT_RANK", rank},
                                    {"LUVIT_RANKS", ranks_},
                                    {"LUVIT_PORT", port_of(listener_)},
                                    {"LUVIT_LISTENER", listener_.descriptor()}})
    variables.push_back(str(name, "=", value));
  const std::vector<char*> environment = pointers(variables);
  const pid_t parent = getpid(), id = fork();
  if (id < 0) throw RunError(str("cannot start rank ", rank, ": ", std::strerror(errno)));
  if (id == 0) become_rank(rank, parent, const_cast<char**>(environment.data()));
  children_.push_back({rank, id});
}

// In the child. Only what is safe between fork and exec.
void LocalRanks::become_rank(std::int64_t rank, pid_t parent, char** environment) const {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died before we asked
  setpgid(0, 0);                      // Ctrl-C reaches the parent alone, which passes it on: once
  pthread_sigmask(SIG_SETMASK, &signals_.before(), nullptr);
  if (rank == 0) fcntl(listener_.descriptor(), F_SETFD, 0);
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(nowhere, STDIN_FILENO);
  if (rank > 0) dup2(nowhere, STDOUT_FILENO);
  execve("/proc/self/exe", argv_, environment);
  _exit(127);
}

void LocalRanks::reap() {
  for (Child& child : children_) {
    int status = 0;
    if (child.ended || waitpid(child.id, &status, WNOHANG) != child.id) continue;
    child.ended = true;
    note(child, status);
  }
}

void LocalRanks::note(const Child& child, int status) {
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(Exit::failure);
  if (code == static_cast<int>(Exit::stopped)) stopped_ = true;
  if (code == static_cast<int>(Exit::ok) || code == static_cast<int>(Exit::stopped)) return;
  if (WIFEXITED(status) && child.rank < 2) told_ = true;
  if (failure_) return;
  failure_ = code;
  patience_ = Clock::now() + grace;
  if (WIFSIGNALED(status))  // it cannot say so itself
    log_error(str("rank ", child.rank, " (process ", child.id, ") was ended by signal ", WTERMSIG(status), " (",
                  strsignal(WTERMSIG(status)), ")"));
}

void LocalRanks::end_all(int signal) {
  for (Child& child : children_) {
    if (child.ended) continue;
    kill(child.id, signal);
    child.killed = signal == SIGKILL;
  }
}

void LocalRanks::speak_for_ranks() const {
  std::vector<std::int64_t> killed;
  for (const Child& child : children_)
    if (child.killed) killed.push_back(child.rank);
  if (!killed.empty())
    log_error(str(rank_names(killed), " did not end when another rank had failed, and had to be killed"));
  log_error("hint: run the same command again: it continues from the newest checkpoint");
}

bool LocalRanks::all_ended() const {
  for (const Child& child : children_)
    if (!child.ended) return false;
  return true;
}

}  // namespace

std::int64_t ranks_of(std::optional<std::int64_t> asked, const Place& place) {
  if (place.ranks > 1 && asked && *asked != place.ranks)
    throw UsageError(str("--ranks ", *asked, ", but ", place.launcher, " started ", place.ranks),
                     "leave --ranks out under a launcher");
  return place.ranks > 1 ? place.ranks : asked.value_or(1);
}

int run_local_ranks(std::int64_t ranks, char** argv) {
  const Place place = find_place(process_environment());
  if (!place.launcher.empty())
    throw UsageError(str("--ranks ", ranks, " inside ", place.launcher, "'s ", place.ranks, " ranks"),
                     "let one of the two start the ranks");
  return LocalRanks(ranks, argv).run();
}

}  // namespace luvit
