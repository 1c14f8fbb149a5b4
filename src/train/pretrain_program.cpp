#include "luvit/train/pretrain_program.h"

#include <iostream>

#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/distributed/device.h"
#include "luvit/distributed/local_launch.h"
#include "pretrain_run.h"

namespace luvit {

namespace {

std::string joined_words(int argc, char** argv) {
  return join(std::vector<std::string>(argv, argv + argc), " ");
}

int help(const CommandLine& command) {
  Schema schema;
  PretrainConfig config;
  declare(schema, config);
  std::cout << (command.help->empty() ? command.options_help : "") << print_help(schema, *command.help);
  return static_cast<int>(Exit::ok);
}

// A plan's; else of --ranks and the launcher's environment: both may say it, if they say the same.
std::int64_t ranks_of(const CommandLine& command, const Place& place) {
  if (command.plan_ranks) return *command.plan_ranks;
  if (place.ranks > 1 && command.ranks && *command.ranks != place.ranks)
    throw UsageError(str("--ranks ", *command.ranks, ", but ", place.launcher, " started ", place.ranks),
                     "leave --ranks out under a launcher");
  return place.ranks > 1 ? place.ranks : command.ranks.value_or(1);
}

void check_ranks(const PretrainConfig& config, std::int64_t ranks, const Written& written) {
  const std::int64_t batch = config.train.batch_size;
  if (batch % ranks == 0) return;
  raise_problems({{"train.batch_size", str(batch, " cannot be divided among ", ranks, " ranks")}}, written);
}

}  // namespace

int pretrain_program(int argc, char** argv) {
  const CommandLine command =
      parse_command_line("luvit_pretrain", "Pretrains LUViT by masked autoencoding.", argc, argv);
  if (command.version) {
    std::cout << version_report();
    return static_cast<int>(Exit::ok);
  }
  if (command.help) return help(command);
  const Place place = find_place(process_environment());
  const std::int64_t ranks = ranks_of(command, place);
  if (place.rank > 0) log_errors_only();

  Schema schema;
  PretrainConfig config;
  declare(schema, config);
  const Written written = read_pretrain_config(schema, config, command.config, command.overrides);
  require_keys(schema, "--allow-change", command.allow_change);
  if (command.print_config) {
    if (path_exists(config.model.fusion.weights)) settle_with_weights(config, written);
    if (place.rank == 0) std::cout << print_config(schema);
    return static_cast<int>(Exit::ok);
  }
  check(config, written);
  check_ranks(config, ranks, written);
  const PretrainRequest request{command, joined_words(argc, argv), schema, config, place};
  PretrainRun run(request);
  if (command.dry_run) return static_cast<int>(run.dry_run(ranks));
  if (command.output.empty()) throw UsageError("--output: required", "name the run's folder, e.g. --output runs/first");
  if (ranks > place.ranks) {
    if (config.train.device == DeviceChoice::cuda) choose_device(config.train.device);  // said once, not by each
    return run_local_ranks(ranks, argv);
  }
  return static_cast<int>(run.train());
}

}  // namespace luvit
