// The one file that sees spdlog; compiled without torch's headers, whose fmt is another.
#include "luvit/core/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

std::shared_ptr<spdlog::logger> plain(const char* name, spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>(name, std::move(sink));
  logger->set_pattern("%v");
  logger->flush_on(spdlog::level::info);
  return logger;
}

struct Log {
  std::shared_ptr<spdlog::logger> out = plain("out", std::make_shared<spdlog::sinks::stdout_sink_mt>());
  std::shared_ptr<spdlog::logger> err = plain("err", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  std::atomic<bool> infos{true}, warnings{true}, errors{true};  // reach the terminal
  std::mutex mutex;                                             // guards `file`
  std::shared_ptr<spdlog::logger> file;
};

Log& state() {
  static Log* log = new Log;  // never destroyed: threads may log while the program ends
  return *log;
}

std::shared_ptr<spdlog::logger> file_logger() {
  std::lock_guard lock(state().mutex);
  return state().file;
}

void to_file(spdlog::level::level_enum level, const std::string& line) {
  if (auto file = file_logger()) file->log(level, spdlog::string_view_t(line));
}

void give_up_file(const std::string& path, const std::string& reason) {
  {
    std::lock_guard lock(state().mutex);
    if (!state().file) return;
    state().file.reset();
  }
  state().err->warn("warning: {} is no longer written: {}", escape(path), reason);
}

}  // namespace

void log_info(const std::string& line) {
  if (state().infos) state().out->info(spdlog::string_view_t(line));
  to_file(spdlog::level::info, line);
}

void log_warning(const std::string& line) {
  if (state().warnings) state().err->warn("warning: {}", line);
  to_file(spdlog::level::warn, "warning: " + line);
}

void log_error(const std::string& line) {
  if (state().errors) state().err->error(spdlog::string_view_t(line));
  to_file(spdlog::level::err, line);
}

void log_to_file(const std::filesystem::path& path) {
  std::shared_ptr<spdlog::logger> file;
  try {
    file = std::make_shared<spdlog::logger>("file", std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string()));
  } catch (const spdlog::spdlog_ex& error) {
    throw RunError(error.what());
  }
  file->set_pattern("%Y-%m-%d %H:%M:%S.%e %v");
  file->flush_on(spdlog::level::info);
  file->set_error_handler([path](const std::string& reason) { give_up_file(path.string(), reason); });
  std::lock_guard lock(state().mutex);
  state().file = std::move(file);
}

void log_quiet_stdout() {
  state().infos = false;
}

void log_errors_only() {
  state().infos = state().warnings = false;
}

void log_to_file_only() {
  state().infos = state().warnings = state().errors = false;
}

void log_flush() {
  state().out->flush();
  state().err->flush();
  if (auto file = file_logger()) file->flush();
}

}  // namespace luvit
