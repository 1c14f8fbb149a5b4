#pragma once

namespace luvit {

// luvit_pretrain: from a command line to a run's end; the exit code.
int pretrain_program(int argc, char** argv);

}  // namespace luvit
