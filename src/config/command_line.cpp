#include "luvit/config/command_line.h"

#include "luvit/config/options_parser.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

void check_overrides(const std::string& program, const std::vector<std::string>& words) {
  for (const auto& word : words)
    if (word.find('=') == std::string::npos)
      throw UsageError(str("`", escape(word), "` is neither an option nor an override: expected key.path=value"),
                       str("`", program, " --help` lists the options and keys"));
}

}  // namespace

CommandLine parse_command_line(const std::string& program, const std::string& description, int argc, char** argv) {
  CommandLine line;
  OptionsParser parser(program, description);
  parser.add("--config", line.config, "YAML file; `base:` in it inherits from others");
  parser.add("--output", line.output, "the run's folder");
  parser.add("--resume", line.resume,
             "auto: continue the newest checkpoint in the output folder; none; or a checkpoint");
  parser.flag("--dry-run", line.dry_run, "check config, data and weights, print the summary, train nothing");
  parser.flag("--print-config", line.print_config, "print the resolved config as YAML");
  parser.add("--dump-batches", line.dump_batches, "write the first N training batches to the output folder");
  parser.add("--ranks", line.ranks, "number of ranks on this machine", 1);
  parser.add("--plan-ranks", line.plan_ranks, "with --dry-run: the plan for N ranks", 1);
  parser.add("--gpu", line.gpu, "with --plan-ranks: the hours on GPUs of this kind");
  parser.each("--allow-change", line.allow_change, "on resume, let this key differ (may be repeated)");
  parser.flag("--version", line.version, "print versions");
  parser.topic("-h,--help", line.help, "print this and all config keys, or one key or section");
  parser.positional("key=value", line.overrides, "config keys to override, as key.path=value");
  parser.parse_words(argc, argv);
  line.options_help = parser.help();
  if (line.help) {
    line.help->resize(std::min(line.help->size(), line.help->find('=')));
    return line;
  }
  check_overrides(program, line.overrides);
  if (line.plan_ranks && !line.dry_run) throw UsageError("--plan-ranks: a plan is made by a dry run", "add --dry-run");
  if (line.plan_ranks && line.ranks)
    throw UsageError("--plan-ranks and --ranks: a plan starts no ranks", "leave --ranks out");
  if (line.gpu && !line.plan_ranks) throw UsageError("--gpu: is for a plan", "add --dry-run --plan-ranks N");
  return line;
}

}  // namespace luvit
