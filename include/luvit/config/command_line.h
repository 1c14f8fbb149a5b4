#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace luvit {

// What a driver (luvit_pretrain, …) was asked on its command line.
struct CommandLine {
  std::string config;           // "" for none: defaults and overrides alone
  std::string output;           // "" where not given
  std::string resume = "auto";  // auto | none | PATH
  bool dry_run = false;
  bool print_config = false;
  std::int64_t dump_batches = 0;
  std::optional<std::int64_t> ranks;
  std::optional<std::int64_t> plan_ranks;  // with dry_run
  std::optional<std::string> gpu;          // with plan_ranks
  std::vector<std::string> allow_change;
  std::vector<std::string> overrides;  // "key.path=value"
  bool version = false;
  std::optional<std::string> help;  // the topic; "" for everything
  std::string options_help;         // the text about the options, for --help
};

// UsageError names what is wrong, with the nearest known option.
CommandLine parse_command_line(const std::string& program, const std::string& description, int argc, char** argv);

}  // namespace luvit
