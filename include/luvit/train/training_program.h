#pragma once
#include <string>

#include "luvit/train/driver.h"

namespace luvit {

// A program that trains: from its command line to the run's end; the exit code.
int training_program(const std::string& name, const std::string& description, Driver& driver, int argc, char** argv);

// Reads a config and its overrides; UsageError for whatever is wrong with single keys.
Written read_run_config(Schema& schema, Driver& driver, const std::string& path,
                        const std::vector<std::string>& overrides);

}  // namespace luvit
