#include "luvit/core/error.h"

#include <c10/util/Exception.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <new>

#include "luvit/core/log.h"
#include "luvit/core/machine.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

std::string general_hint(Exit exit, const std::string& program) {
  switch (exit) {
    case Exit::usage:
      return str("`", program, " --help` lists the options and keys");
    case Exit::data:
      return "check that the path is right and that the file was copied whole";
    default:
      return str("if the message does not say why, report it together with the output of `", program, " --version`");
  }
}

const char* const memory_hint = "use a smaller train.micro_batch, batch or model, or a machine with more memory";

// torch's messages go on with a C++ stack after the first line.
Error of_torch(const c10::Error& error) {
  std::string what = error.what_without_backtrace();
  what = what.substr(0, what.find('\n'));
  bool memory = dynamic_cast<const c10::OutOfMemoryError*>(&error) || what.find("allocate memory") != std::string::npos;
  return RunError(what, memory ? memory_hint : "");
}

void report(const std::string& program, const std::string& who, const Error& failure) {
  const std::string speaker = who.empty() ? program : str(program, ", ", who);
  for (const auto& line : failure.lines()) log_error(str(speaker, ": error: ", escape(line)));
  if (failure.exit() == Exit::ok || failure.exit() == Exit::stopped) return;
  log_error(str("hint: ", escape(failure.hint().empty() ? general_hint(failure.exit(), program) : failure.hint())));
}

// Output that was lost (a full disk behind `> file`) must not look like success.
void check_stdout() {
  std::cout.flush();
  bool lost = !std::cout.good() || std::fflush(stdout) != 0 || std::ferror(stdout);
  if (lost) throw RunError("standard output could not be written", "check the disk or the program it goes to");
}

// A reader that went away (`| head`), or a limit on file sizes, would end the process without a word.
void failed_writes_are_errors() {
  std::signal(SIGPIPE, SIG_IGN);
#ifdef SIGXFSZ
  std::signal(SIGXFSZ, SIG_IGN);
#endif
}

}  // namespace

Error::Error(Exit exit, std::vector<std::string> lines, std::string hint)
    : std::runtime_error(join(lines, "\n")), exit_(exit), lines_(std::move(lines)), hint_(std::move(hint)) {}

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const c10::Error& error) {
    return of_torch(error);
  } catch (const std::bad_alloc&) {
    return RunError("out of memory", memory_hint);
  } catch (const std::exception& error) {
    return RunError(error.what());
  } catch (...) {
    return RunError("unknown exception");
  }
}

int report_failure(const std::string& program, const std::string& who) {
  const Error failure = current_error();
  std::cout.flush();
  report(program, who, failure);
  log_flush();
  return static_cast<int>(failure.exit());
}

int run_main(const char* program, int (*body)(int argc, char** argv), int argc, char** argv) {
  tune_malloc();
  failed_writes_are_errors();
  try {
    int code = body(argc, argv);
    check_stdout();
    log_flush();
    return code;
  } catch (...) {
    return report_failure(program);
  }
}

}  // namespace luvit
