#include "luvit/core/log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "luvit/core/error.h"
#include "luvit/core/files.h"

namespace luvit {
namespace {

// The log is the process's own, so each case runs in a child of its own.
[[noreturn]] void log_everything(const fs::path& file) {
  log_to_file(file);
  log_info("an info {} %s");
  log_warning("a warning");
  log_error("an error");
  log_quiet_stdout();
  log_info("only in the file");
  std::exit(0);
}

TEST(Log, LinesGoWhereTheyBelong) {
  fs::path file = fs::path(testing::TempDir()) / "luvit_log_test.log";
  fs::remove(file);
  EXPECT_EXIT(log_everything(file), testing::ExitedWithCode(0), "^warning: a warning\nan error\n$");
  std::string text = read_file(file);
  for (const char* line : {" an info {} %s\n", " warning: a warning\n", " an error\n", " only in the file\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
  fs::remove(file);
}

[[noreturn]] void log_as_one_of_many(const fs::path& file) {
  log_to_file(file);
  log_errors_only();
  log_warning("a warning");
  log_error("an error");
  log_to_file_only();
  log_error("told by another");
  std::exit(0);
}

TEST(Log, OneOfManyRanksKeepsToItsFile) {
  fs::path file = fs::path(testing::TempDir()) / "luvit_log_ranks.log";
  fs::remove(file);
  EXPECT_EXIT(log_as_one_of_many(file), testing::ExitedWithCode(0), "^an error\n$");
  std::string text = read_file(file);
  for (const char* line : {" warning: a warning\n", " an error\n", " told by another\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
  fs::remove(file);
}

TEST(Log, AFullDiskIsSaidOnceAndEndsNothing) {
  auto fill = [] {
    log_to_file("/dev/full");
    for (int i = 0; i < 3; ++i) log_info("x");
    std::exit(0);
  };
  EXPECT_EXIT(fill(), testing::ExitedWithCode(0), "^warning: /dev/full is no longer written: [^\n]*\n$");
}

TEST(Log, AnUnusableFileIsAnError) {
  EXPECT_THROW(log_to_file("/proc/no/such/folder/x.log"), RunError);
}

TEST(Log, ThreadsDoNotTearLines) {
  fs::path file = fs::path(testing::TempDir()) / "luvit_log_threads.log";
  fs::remove(file);
  auto write = [&] {
    log_to_file(file);
    log_quiet_stdout();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([] {
        for (int i = 0; i < 100; ++i) log_info(std::string(100, 'a'));
      });
    for (auto& thread : threads) thread.join();
    std::exit(0);
  };
  EXPECT_EXIT(write(), testing::ExitedWithCode(0), "");
  std::istringstream text(read_file(file));
  int lines = 0;
  for (std::string line; std::getline(text, line); ++lines) EXPECT_EQ(line.size(), 24u + 100) << line;
  EXPECT_EQ(lines, 400);
  fs::remove(file);
}

}  // namespace
}  // namespace luvit
