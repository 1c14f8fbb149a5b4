#pragma once
#include "luvit/train/driver.h"
#include "luvit/train/finetune_config.h"

namespace luvit {

std::unique_ptr<Driver> finetune_driver(FinetuneConfig config = {});

// luvit_finetune: from a command line to a run's end; the exit code.
int finetune_program(int argc, char** argv);

}  // namespace luvit
