#include "luvit/train/training_program.h"

#include <algorithm>
#include <iostream>

#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/distributed/device.h"
#include "luvit/distributed/local_launch.h"
#include "training_run.h"

namespace luvit {

namespace {

std::string joined_words(int argc, char** argv) {
  return join(std::vector<std::string>(argv, argv + argc), " ");
}

int help(const CommandLine& command, Driver& driver) {
  Schema schema;
  driver.declare(schema);
  std::cout << (command.help->empty() ? command.options_help : "") << print_help(schema, *command.help);
  return static_cast<int>(Exit::ok);
}

bool all_there(const std::vector<std::string>& paths) {
  return !paths.empty() && std::all_of(paths.begin(), paths.end(), [](const auto& path) { return path_exists(path); });
}

// With what weights and data decide, as far as they are here: a config is also printed where they are not.
int print(Driver& driver, const Schema& schema, const Written& written, bool speaks) {
  driver.settle_with_weights(written, /*only_what_exists=*/true);
  const RunConfig& config = driver.config();
  if (driver.labels_wanted() && all_there(config.data.train))
    driver.settle_with_data(*open_dataset(config.data.train, /*labels_wanted=*/true), nullptr, written);
  if (speaks) std::cout << print_config(schema);
  return static_cast<int>(Exit::ok);
}

void check(Driver& driver, std::int64_t ranks, const Written& written) {
  raise_problems(driver.problems(), written);
  driver.settle_with_weights(written, /*only_what_exists=*/false);
  const RunConfig& config = driver.config();
  raise_problems(check_model(config.model), written);
  const std::int64_t batch = config.train.batch_size;
  if (batch % ranks != 0)
    raise_problems({{"train.batch_size", str(batch, " cannot be divided among ", ranks, " ranks")}}, written);
  raise_problems(driver.problems_of_ranks(ranks), written);
}

}  // namespace

Written read_run_config(Schema& schema, Driver& driver, const std::string& path,
                        const std::vector<std::string>& overrides) {
  Written written = read_config(schema, path, overrides);
  TrainOptions& train = driver.config().train;
  if (!train.epochs && !train.steps) train.epochs = driver.default_epochs();
  return written;
}

int training_program(const std::string& name, const std::string& description, Driver& driver, int argc, char** argv) {
  const CommandLine command = parse_command_line(name, description, argc, argv);
  if (command.version) {
    std::cout << version_report();
    return static_cast<int>(Exit::ok);
  }
  if (command.help) return help(command, driver);
  const Place place = find_place(process_environment());
  const std::int64_t ranks = command.plan_ranks ? *command.plan_ranks : ranks_of(command.ranks, place);
  if (place.rank > 0) log_errors_only();

  Schema schema;
  driver.declare(schema);
  const Written written = read_run_config(schema, driver, command.config, command.overrides);
  require_keys(schema, "--allow-change", command.allow_change);
  if (command.print_config) return print(driver, schema, written, /*speaks=*/place.rank == 0);
  check(driver, ranks, written);
  TrainingRun run({name, command, joined_words(argc, argv), schema, written, driver, place});
  if (command.dry_run) return static_cast<int>(run.dry_run(ranks));
  if (command.output.empty()) throw UsageError("--output: required", "name the run's folder, e.g. --output runs/first");
  if (ranks > place.ranks) {
    require_gpus(driver.config().train.device, ranks);  // said once, not by each
    return run_local_ranks(ranks, argv);
  }
  return static_cast<int>(run.train());
}

}  // namespace luvit
