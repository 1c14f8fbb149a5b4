#pragma once

namespace luvit {

// luvit_eval without a command: a model's figures on the suites of a config (CONTRACTS, "luvit_eval").
int eval_program(int argc, char** argv);

}  // namespace luvit
