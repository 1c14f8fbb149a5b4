#include "luvit/eval/commands.h"

#include <iostream>

#include "luvit/config/options_parser.h"
#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/log.h"
#include "luvit/core/output_path.h"
#include "luvit/core/text.h"
#include "luvit/eval/compare.h"
#include "luvit/eval/seeds.h"
#include "luvit/eval/table.h"
#include "luvit/report/side_by_side.h"

namespace luvit {
namespace {

std::vector<EvaluatedRun> read_all(const std::vector<std::string>& paths) {
  std::vector<EvaluatedRun> runs;
  for (const std::string& path : paths) runs.push_back(read_evaluation(path));
  return runs;
}

}  // namespace

int compare_program(int argc, char** argv) {
  std::string a, b, out;
  std::int64_t seed = 0;
  BootstrapOptions bootstrap;
  OptionsParser parser("luvit_eval compare",
                       "Two evaluations of the same images: b − a, its interval, McNemar's test.");
  parser.positional("A", a, "an evaluation's folder or its results.json");
  parser.positional("B", b, "another");
  parser.add("--out", out, "the JSON file to write");
  parser.add("--bootstrap", bootstrap.resamples, "resamples of the images", 1, 100'000'000);
  parser.add("--seed", seed, "of the resamples");
  for (const char* name : {"A", "B", "--out"}) parser.required(name);
  if (!parser.parse(argc, argv)) return 0;
  require_output_file("--out", out, {a, b});
  bootstrap.seed = static_cast<std::uint64_t>(seed);
  const Comparison comparison = compare_runs(read_evaluation(a), read_evaluation(b), bootstrap);
  for (const std::string& line : comparison.warnings) log_warning(line);
  for (const std::string& line : comparison.left_out) log_warning(line);
  write_durably(out, comparison_json(comparison));
  std::cout << comparison_text(comparison);
  return 0;
}

int seeds_program(int argc, char** argv) {
  std::vector<std::string> first, against;
  std::string out;
  SeedsOptions options;
  OptionsParser parser("luvit_eval seeds",
                       "Runs that differ in the seed: mean, s, standard error, 99% interval, and Welch's test against "
                       "another group.");
  parser.positional("A", first, "evaluations' folders or their results.json");
  parser.add("--against", against, "another group of them");
  parser.add("--out", out, "the JSON file to write");
  parser.flag("--paired", options.paired, "both groups stand in the same order of seeds: a paired t-test as well");
  for (const char* name : {"A", "--out"}) parser.required(name);
  if (!parser.parse(argc, argv)) return 0;
  require_output_file("--out", out);
  options.first = read_all(first);
  options.against = read_all(against);
  const SeedsSummary summary = summarise_seeds(options);
  for (const std::string& line : summary.warnings) log_warning(line);
  write_durably(out, seeds_json(summary));
  std::cout << seeds_text(summary);
  return 0;
}

int report_program(int argc, char** argv) {
  std::vector<std::string> words;
  std::string output;
  OptionsParser parser("luvit_eval report",
                       "One page with the analyses of several models side by side, from their imagenet_s suites.");
  parser.positional(
      "DIR", words,
      "evaluations' folders, the one that the others are compared with first; NAME=DIR says what a model is "
      "called, else its folder's name");
  parser.add("--output", output, "the folder for report.html and figures/");
  for (const char* name : {"DIR", "--output"}) parser.required(name);
  if (!parser.parse(argc, argv)) return 0;
  require_output_folder("--output", output);
  if (path_exists(fs::path(output) / "results.json"))
    throw UsageError(str("--output ", escape(output), " holds an evaluation, whose report it would replace"),
                     "name a folder of its own");
  std::vector<NamedRun> runs;
  for (const std::string& word : words) {
    const auto [name, run] = read_table_run(word);
    runs.push_back({name.empty() ? run.name() : name, run.file.parent_path()});
    for (std::size_t i = 0; i + 1 < runs.size(); ++i)
      if (runs[i].name == runs.back().name)
        throw UsageError(str("two evaluations are called ", escape(runs.back().name)), "NAME=DIR gives one a name");
  }
  write_side_by_side(runs, output);
  log_info(str("report: ", escape((fs::path(output) / "report.html").string())));
  return 0;
}

int table_program(int argc, char** argv) {
  std::vector<std::string> runs;
  std::string paper, format = "text";
  OptionsParser parser("luvit_eval table", "A table of the paper with our figures beside the printed ones.");
  parser.positional("DIR", runs,
                    "evaluations' folders or their results.json; rows are recognised by the weights, seeds of one row "
                    "grouped. ROW=DIR says it instead: 3a … 3h, 4, 6a, 6b, or a name of your own");
  parser.choice("--paper", paper, {"1", "3", "4", "5", "6", "7"}, "which table");
  parser.choice("--format", format, {"text", "markdown", "csv", "json"}, "on stdout");
  for (const char* name : {"DIR", "--paper"}) parser.required(name);
  if (!parser.parse(argc, argv)) return 0;
  std::vector<TableRun> read;
  for (const std::string& word : runs) read.push_back(read_table_run(word));
  const FilledTable table = fill_table(std::stoi(paper), read);
  for (const std::string& line : table.warnings) log_warning(line);
  std::cout << (format == "text"       ? table_as_text(table)
                : format == "markdown" ? table_as_markdown(table)
                : format == "csv"      ? table_as_csv(table)
                                       : table_as_json(table));
  return 0;
}

}  // namespace luvit
