#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace luvit::test {

namespace {

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::string Result::last_error_line() const {
  std::istringstream lines(err);
  std::string last;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) last = line;
  return last;
}

Process::Process(const std::string& program, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment, const fs::path& folder) {
  std::vector<std::string> words = {(fs::path(LUVIT_BINARY_DIR) / "bin" / program).string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  child_ = ::fork();
  if (child_ < 0) throw std::runtime_error("fork");
  if (child_ > 0) return;
  ::setpgid(0, 0);
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(::open(out_.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
  ::dup2(::open(err_.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
  for (const auto& entry : environment) ::putenv(const_cast<char*>(entry.c_str()));
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

Process::~Process() {
  if (ended_) return;
  ::kill(-child_, SIGKILL);
  ::waitpid(child_, &status_, 0);
}

void Process::signal(int number) {
  if (!ended_) ::kill(child_, number);
}

bool Process::running() {
  if (!ended_ && ::waitpid(child_, &status_, WNOHANG) == child_) ended_ = true;
  return !ended_;
}

bool Process::wait_until(const std::function<bool()>& done) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (!done()) {
    if (!running() || std::chrono::steady_clock::now() > limit) return done();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

Result Process::wait(std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (running()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("still running: " + contents(err_));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_), contents(out_), contents(err_)};
}

Result run(const std::string& program, const std::vector<std::string>& arguments,
           const std::vector<std::string>& environment) {
  return Process(program, arguments, environment).wait();
}

}  // namespace luvit::test
