#pragma once
#include <string>

namespace luvit {

// SIGTERM, SIGINT, SIGUSR1 and SIGHUP (but under nohup) ask for a stop: the step in hand ends, a checkpoint is written,
// exit 75. A second one ends the process at once with exit 1. The handler only sets a flag.
void install_stop_signals();
bool stop_requested();
const char* stop_signal_name();  // "SIGTERM", for the log
std::string stopped_by();        // the same, or "a signal to another rank" where this one got none
void request_stop_for_test();
void clear_stop_for_test();

}  // namespace luvit
