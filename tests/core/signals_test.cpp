#include "luvit/core/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

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

TEST(Signals, TheSecondEndsTheProcess) {
  auto twice = [] {
    install_stop_signals();
    ::raise(SIGUSR1);
    ::raise(SIGTERM);
    ::_exit(0);
  };
  EXPECT_EXIT(twice(), testing::ExitedWithCode(1), "second signal(.|\n)*hint: ");
}

}  // namespace
}  // namespace luvit
