#include "luvit/core/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>
#include <string>

namespace luvit {
namespace {

TEST(Signals, TheFirstAsksForAStop) {
  for (int signal : {SIGTERM, SIGINT, SIGUSR1}) {
    clear_stop_for_test();
    install_stop_signals();
    EXPECT_FALSE(stop_requested());
    ::raise(signal);
    EXPECT_TRUE(stop_requested());
    EXPECT_EQ(std::string(stop_signal_name()), signal == SIGTERM ? "SIGTERM" : signal == SIGINT ? "SIGINT" : "SIGUSR1");
  }
  clear_stop_for_test();
}

TEST(Signals, AClosedTerminalAsksForAStopUnlessItWasToBeIgnored) {
  auto closed = [](bool ignored) {
    ::signal(SIGHUP, ignored ? SIG_IGN : SIG_DFL);
    install_stop_signals();
    ::raise(SIGHUP);
    ::_exit(stop_requested() ? 1 : 0);
  };
  EXPECT_EXIT(closed(false), testing::ExitedWithCode(1), "");
  EXPECT_EXIT(closed(true), testing::ExitedWithCode(0), "");
}

TEST(Signals, TheSecondEndsTheProcess) {
  auto twice = [] {
    install_stop_signals();
    ::raise(SIGUSR1);
    ::raise(SIGTERM);
    ::_exit(0);
  };
  EXPECT_EXIT(twice(), testing::ExitedWithCode(1), "second signal(.|\n)*hint: ");
}

TEST(Signals, OneThatComesDirectlyAndThroughTheParentIsOne) {
  const auto exit_after = [](std::initializer_list<int> by_itself, int by_parent) {
    const pid_t child = ::fork();
    if (child == 0) {
      install_stop_signals();
      for (int signal : by_itself) ::raise(signal);
      ::raise(SIGSTOP);
      ::_exit(75);
    }
    int status = 0;
    ::waitpid(child, &status, WUNTRACED);
    if (WIFSTOPPED(status)) {
      ::kill(child, by_parent);  // pending, and handled first when it goes on
      ::kill(child, SIGCONT);
      ::waitpid(child, &status, 0);
    }
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(exit_after({}, SIGTERM), 75);
  EXPECT_EQ(exit_after({SIGTERM}, SIGTERM), 75);
  EXPECT_EQ(exit_after({SIGTERM}, SIGINT), 1);
  EXPECT_EQ(exit_after({SIGTERM, SIGTERM}, SIGTERM), 1);
}

}  // namespace
}  // namespace luvit
