#pragma once
#include <filesystem>
#include <string>

namespace luvit {

// The program's log. info goes to stdout, warnings (as "warning: LINE") and errors (as they are) to stderr; all of
// it to the log file, once opened. Thread-safe; each line is flushed. Only text crosses this header, so that the
// library behind it (spdlog; a plain writer in the core-only build) is seen by one file.
void log_info(const std::string& line);
void log_warning(const std::string& line);
void log_error(const std::string& line);

// Appends everything from here on to `path` as well, with times. RunError if it cannot be opened; when a later
// line cannot be written (disk full), one warning says so and the file is given up: a log must not end a run.
void log_to_file(const std::filesystem::path& path);
// info lines no longer reach stdout (for --json and --print-config).
void log_quiet_stdout();
// Of the ranks of a run, one speaks. For the others: infos and warnings go to the file alone, errors to stderr too;
void log_errors_only();
// nothing goes to the terminal any more: another rank tells it.
void log_to_file_only();
void log_flush();

}  // namespace luvit
