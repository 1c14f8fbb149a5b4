#include "luvit/eval/eval_program.h"

#include <iostream>

#include "evaluation.h"
#include "luvit/config/options_parser.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/distributed/local_launch.h"

namespace luvit {
namespace {

struct EvalCommand {
  std::string config, weights, output, resume = "auto";
  bool dry_run = false, print_config = false, version = false;
  std::optional<std::int64_t> ranks;
  std::optional<std::string> help;
  std::vector<std::string> overrides;
  std::string options_help;
};

EvalCommand parse(int argc, char** argv) {
  EvalCommand command;
  OptionsParser parser("luvit_eval",
                       "Evaluates a model on the suites of a config. Other commands, each with a --help of its own: "
                       "luvit_eval corrupt, compare, seeds, table, report, gsnr.");
  parser.add("--config", command.config, "YAML file; `base:` in it inherits from others");
  parser.add("--weights", command.weights, "the model: this project's file, or a checkpoint folder");
  parser.add("--output", command.output, "the evaluation's folder");
  parser.choice("--resume", command.resume, {"auto", "none"}, "auto: go on with what is done in the output folder");
  parser.flag("--dry-run", command.dry_run, "check config, data and weights, print the summary, evaluate nothing");
  parser.flag("--print-config", command.print_config, "print the resolved config as YAML");
  parser.add("--ranks", command.ranks, "number of ranks on this machine", 1);
  parser.flag("--version", command.version, "print versions");
  parser.topic("-h,--help", command.help, "print this and all config keys, or one key or section");
  parser.positional("key=value", command.overrides, "config keys to override, as key.path=value; suites.NAME.data=…");
  parser.parse_words(argc, argv);
  command.options_help = parser.help();
  if (command.help) command.help->resize(std::min(command.help->size(), command.help->find('=')));
  for (const auto& word : command.overrides)
    if (word.find('=') == std::string::npos && !command.help)
      throw UsageError(str("`", escape(word), "` is neither an option, an override (key.path=value) nor a command"),
                       "`luvit_eval --help` lists the options and keys; commands come first: corrupt, compare, seeds, "
                       "table, report, gsnr");
  return command;
}

void require(const std::string& value, const std::string& option, const std::string& hint) {
  if (value.empty()) throw UsageError(option + ": required", hint);
}

}  // namespace

int eval_program(int argc, char** argv) {
  const EvalCommand command = parse(argc, argv);
  if (command.version) {
    std::cout << version_report();
    return static_cast<int>(Exit::ok);
  }
  Schema schema;
  EvalConfig config;
  declare(schema, config);
  if (command.help) {
    std::cout << (command.help->empty() ? command.options_help : "") << print_help(schema, *command.help);
    return static_cast<int>(Exit::ok);
  }
  const Place place = find_place(process_environment());
  const std::int64_t ranks = ranks_of(command.ranks, place);
  if (place.rank > 0) log_errors_only();

  const Written written = read_config(schema, command.config, command.overrides);
  if (command.print_config) {
    if (place.rank == 0) std::cout << print_config(schema);
    return static_cast<int>(Exit::ok);
  }
  raise_problems(check_eval(config, written), written);
  require(command.weights, "--weights", "name the model to evaluate, e.g. --weights runs/finetune/model.safetensors");
  if (!command.dry_run) require(command.output, "--output", "name the evaluation's folder, e.g. --output runs/eval");
  if (!command.dry_run && ranks > place.ranks) {
    require_gpus(config.device, ranks, evaluating);
    return run_local_ranks(ranks, argv);
  }
  const EvalRequest request{join(std::vector<std::string>(argv, argv + argc), " "),
                            command.weights,
                            command.output,
                            command.resume,
                            schema,
                            config,
                            place};
  Evaluation evaluation(request);
  return static_cast<int>(command.dry_run ? evaluation.dry_run() : evaluation.run());
}

}  // namespace luvit
