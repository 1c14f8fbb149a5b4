#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "temporary_folder.h"

namespace luvit::test {

namespace fs = std::filesystem;

struct Result {
  int code = -1;  // exit code, or -signal
  std::string out, err;
  std::string last_error_line() const;  // of stderr
};

// A program of ours running in a process of its own.
class Process {
 public:
  // `program` is a name in the build's bin folder; `environment` entries are added ("KEY=value"); it works in `folder`.
  Process(const std::string& program, const std::vector<std::string>& arguments,
          const std::vector<std::string>& environment = {}, const fs::path& folder = ".");
  ~Process();  // kills what still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t id() const { return child_; }
  void signal(int number);
  bool running();
  // Waits for done() to be true while the program runs; false where it ended first.
  bool wait_until(const std::function<bool()>& done);
  Result wait(std::chrono::seconds limit = std::chrono::seconds(120));

 private:
  pid_t child_ = -1;
  int status_ = 0;
  bool ended_ = false;
  TemporaryFolder files_;
  fs::path out_ = files_ / "out", err_ = files_ / "err";
};

Result run(const std::string& program, const std::vector<std::string>& arguments,
           const std::vector<std::string>& environment = {});

}  // namespace luvit::test
