#pragma once
#include "luvit/train/driver.h"
#include "luvit/train/pretrain_config.h"

namespace luvit {

std::unique_ptr<Driver> pretrain_driver(PretrainConfig config = {});

// luvit_pretrain: from a command line to a run's end; the exit code.
int pretrain_program(int argc, char** argv);

}  // namespace luvit
