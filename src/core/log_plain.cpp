// The log of the core-only build: standard C++ alone, the same lines as log_spdlog.cpp.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

struct Log {
  std::mutex mutex;
  bool infos = true, warnings = true, errors = true;  // reach the terminal
  std::FILE* file = nullptr;
  std::string path;
};

Log& state() {
  static Log* log = new Log;  // never destroyed: threads may log while the program ends
  return *log;
}

bool put(std::FILE* stream, const std::string& line) {
  return std::fwrite(line.data(), 1, line.size(), stream) == line.size() && std::fputc('\n', stream) != EOF &&
         std::fflush(stream) == 0;
}

std::string time_text() {
  auto now = std::chrono::system_clock::now();
  std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[64];
  std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  std::snprintf(text + n, sizeof text - n, ".%03d", static_cast<int>(milliseconds));
  return text;
}

void write_line(std::FILE* terminal, bool Log::*wanted, const std::string& line) {
  Log& log = state();
  std::lock_guard lock(log.mutex);
  if (log.*wanted) put(terminal, line);
  if (!log.file || put(log.file, time_text() + " " + line)) return;
  put(stderr, str("warning: ", log.path, " is no longer written: ", std::strerror(errno)));
  std::fclose(log.file);
  log.file = nullptr;
}

}  // namespace

void log_info(const std::string& line) {
  write_line(stdout, &Log::infos, line);
}
void log_warning(const std::string& line) {
  write_line(stderr, &Log::warnings, "warning: " + line);
}
void log_error(const std::string& line) {
  write_line(stderr, &Log::errors, line);
}

void log_to_file(const std::filesystem::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (!file) throw RunError(str("cannot open ", path.string(), ": ", std::strerror(errno)));
  Log& log = state();
  std::lock_guard lock(log.mutex);
  if (log.file) std::fclose(log.file);
  log.file = file;
  log.path = path.string();
}

void log_quiet_stdout() {
  std::lock_guard lock(state().mutex);
  state().infos = false;
}

void log_errors_only() {
  std::lock_guard lock(state().mutex);
  state().infos = state().warnings = false;
}

void log_to_file_only() {
  std::lock_guard lock(state().mutex);
  state().infos = state().warnings = state().errors = false;
}

void log_flush() {
  std::lock_guard lock(state().mutex);
  std::fflush(stdout);
  std::fflush(stderr);
}

}  // namespace luvit
