#pragma once
#include <stdexcept>
#include <string>
#include <vector>

namespace luvit {

// What a program ends with; the meaning is the user's, not the code's.
enum class Exit : int {
  ok = 0,
  failure = 1,  // while running: disk full, non-finite loss, a bug
  usage = 2,    // wrong option or config
  data = 3,     // missing, malformed or mismatched data or weights
  stopped = 75  // a checkpoint is saved: run the same command again
};

// The project's one exception: what is wrong, where, what was expected, in one line; `hint()` is the next thing to try.
// Several problems found at once have a line each, in `lines()`; only there is a line ended, so that a '\n' in a file's
// name cannot make a line of its own. `what()` joins them.
class Error : public std::runtime_error {
 public:
  Error(Exit exit, const std::string& what, std::string hint = {})
      : std::runtime_error(what), exit_(exit), lines_{what}, hint_(std::move(hint)) {}
  Error(Exit exit, std::vector<std::string> lines, std::string hint);

  Exit exit() const { return exit_; }
  const std::vector<std::string>& lines() const { return lines_; }
  const std::string& hint() const { return hint_; }

 private:
  Exit exit_;
  std::vector<std::string> lines_;
  std::string hint_;
};

// Thrown by type where a caller may want to tell one from another.
struct UsageError : Error {
  explicit UsageError(const std::string& what, std::string hint = {}) : Error(Exit::usage, what, std::move(hint)) {}
  UsageError(std::vector<std::string> lines, std::string hint)
      : Error(Exit::usage, std::move(lines), std::move(hint)) {}
};
struct DataError : Error {
  explicit DataError(const std::string& what, std::string hint = {}) : Error(Exit::data, what, std::move(hint)) {}
  DataError(std::vector<std::string> lines, std::string hint) : Error(Exit::data, std::move(lines), std::move(hint)) {}
};
struct RunError : Error {
  explicit RunError(const std::string& what, std::string hint = {}) : Error(Exit::failure, what, std::move(hint)) {}
};

// The exception being handled, whatever it is, told as ours.
Error current_error();

// Runs a program's body. Any exception becomes "PROGRAM: error: WHAT" on stderr, then "hint: …" as the
// last line, and the exit code; control characters are escaped, no stack trace is shown.
int run_main(const char* program, int (*body)(int argc, char** argv), int argc, char** argv);
// The same for the exception being handled, in a program that will not return to run_main; "PROGRAM, WHO: error: …".
int report_failure(const std::string& program, const std::string& who = {});

}  // namespace luvit
