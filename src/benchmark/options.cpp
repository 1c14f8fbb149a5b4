#include "luvit/benchmark/options.h"

#include <charconv>
#include <iostream>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"

namespace luvit {
namespace {

const char* const usage =
    R"(luvit_bench step|eval|loader (--config FILE [key.path=value …] | --preset luvit_b|vit_b|demo) [options]

Times what a run spends its time on, on synthetic images (loader: on the images of --data).
  step                a training step: forward, loss, backward, clipping, optimizer; the batch as one micro-batch
  eval                a classifier's forward pass
  loader              decoded, augmented, batched images

  --config FILE       the model and recipe of a luvit_pretrain config, or luvit_finetune's with --task finetune
                      (not in the core-only build)
  --preset NAME       luvit_b, vit_b or demo
  --task NAME         pretrain (default) or finetune
  --precision NAME    float32, bfloat16 or float16; default: the config's, else bfloat16
  --batch N           images at once (default 16)
  --warmup N          rounds before the timed ones (default 1)
  --repeats N         timed rounds (default 5); the median counts
  --threads N         default: the config's, else all cores (loader: one less)
  --device NAME       auto, cpu or cuda; default: the config's, else auto: a CUDA device where there is one
  --data PATH         loader: a folder or tar shards
  --no-fold           q, k and v by way of L1's output, however many tokens there are
  --parts             seconds of each part of a step
  --json              one JSON object on stdout and nothing else
  --version, --help
)";

std::int64_t integer(const std::string& option, const std::string& text, std::int64_t low) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  const bool padded = text.size() > 1 && text[0] == '0';
  if (problem != std::errc() || stop != end || value < low || padded) {
    throw UsageError(str(option, " ", text, ": expected a whole number of at least ", low));
  }
  return value;
}

template <typename Value>
Value choice(const std::string& option, const std::string& text,
             const std::vector<std::pair<std::string, Value>>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    names.push_back(name);
  }
  throw UsageError(str(option, " '", text, "' is not known; expected ", join(names, ", ")));
}

// The words of the command line, before they are put together.
struct Words {
  std::string workload, config, preset;
  std::vector<std::string> overrides;
  std::vector<std::function<void(BenchOptions&)>> settings;  // options win over the config's values
};

using Setter = std::function<void(BenchOptions&, const std::string&)>;

const std::vector<std::pair<std::string, Setter>>& value_options() {
  static const std::vector<std::pair<std::string, Setter>> table = {
      {"--task",
       [](BenchOptions& o, const std::string& v) {
         o.task =
             choice<BenchTask>("--task", v, {{"pretrain", BenchTask::pretrain}, {"finetune", BenchTask::finetune}});
       }},
      {"--precision",
       [](BenchOptions& o, const std::string& v) {
         o.precision = choice<Precision>(
             "--precision", v,
             {{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}, {"float16", Precision::float16}});
       }},
      {"--batch", [](BenchOptions& o, const std::string& v) { o.batch = integer("--batch", v, 1); }},
      {"--warmup", [](BenchOptions& o, const std::string& v) { o.warmup = integer("--warmup", v, 0); }},
      {"--repeats", [](BenchOptions& o, const std::string& v) { o.repeats = integer("--repeats", v, 1); }},
      {"--threads", [](BenchOptions& o, const std::string& v) { o.threads = integer("--threads", v, 1); }},
      {"--device",
       [](BenchOptions& o, const std::string& v) {
         o.device = choice<std::string>("--device", v, {{"auto", "auto"}, {"cpu", "cpu"}, {"cuda", "cuda"}});
       }},
      {"--data", [](BenchOptions& o, const std::string& v) { o.data = v; }},
  };
  return table;
}

[[noreturn]] void refuse(const std::string& word) {
  std::vector<std::string> known = {"--config", "--preset", "--no-fold", "--parts", "--json", "--version", "--help"};
  for (const auto& [name, setter] : value_options()) known.push_back(name);
  const std::string near = nearest(word, known);
  throw UsageError(str("'", word, "' is not an option of luvit_bench"),
                   near.empty() ? "" : str("did you mean ", near, "?"));
}

Words read_words(const std::vector<std::string>& arguments) {
  Words words;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string word = arguments[i], value;
    const bool option = word.starts_with("--");
    const auto equals = word.find('=');
    const bool joined = option && equals != std::string::npos;
    if (joined) {
      value = word.substr(equals + 1);
      word.resize(equals);
    }
    if (!option && equals != std::string::npos) {
      words.overrides.push_back(word);
    } else if (!option && words.workload.empty()) {
      words.workload = word;
    } else if (word == "--no-fold" && !joined) {
      words.settings.emplace_back([](BenchOptions& o) { o.model.fusion.fold = false; });
    } else if (word == "--parts" && !joined) {
      words.settings.emplace_back([](BenchOptions& o) { o.parts = true; });
    } else if (word == "--json" && !joined) {
      words.settings.emplace_back([](BenchOptions& o) { o.json = true; });
    } else {
      const auto& table = value_options();
      const auto known = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == word; });
      const bool file = word == "--config" || word == "--preset";
      if (!file && known == table.end()) refuse(word);
      if (!joined) {
        if (++i == arguments.size()) throw UsageError(str(word, ": a value is expected after it"));
        value = arguments[i];
      }
      if (file) {
        (word == "--config" ? words.config : words.preset) = value;
      } else {
        words.settings.emplace_back([set = known->second, value](BenchOptions& o) { set(o, value); });
      }
    }
  }
  return words;
}

void take_model(BenchOptions& options, const Words& words, const BenchLibraries& libraries) {
  const bool loader = options.workload == Workload::loader;
  if (!words.config.empty() && !words.preset.empty()) throw UsageError("--config and --preset: only one may be given");
  if (words.config.empty() && words.preset.empty() && !loader)
    throw UsageError("no model: --config FILE or --preset luvit_b, vit_b or demo is expected");
  if (!words.config.empty()) {
    if (!libraries.read_config)
      throw UsageError("--config: this build reads no config files (LUVIT_CORE_ONLY)", "use --preset");
    libraries.read_config(options, words.config, words.overrides);
    return;
  }
  if (!words.overrides.empty())
    throw UsageError(str("'", words.overrides.front(), "': overrides go with --config only"));
  if (!words.preset.empty()) options.model = preset(words.preset);
}

}  // namespace

std::optional<BenchOptions> parse_bench_options(int argc, char** argv, const BenchLibraries& libraries) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto asked = [&](const char* word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
  };
  if (asked("--help") || asked("--version")) {
    std::cout << (asked("--help") ? usage : version_report());
    return std::nullopt;
  }
  const Words words = read_words(arguments);
  BenchOptions options;
  options.workload = choice<Workload>(
      "workload", words.workload, {{"step", Workload::step}, {"eval", Workload::eval}, {"loader", Workload::loader}});
  const auto apply_settings = [&] {
    for (const auto& set : words.settings) set(options);
  };
  apply_settings();  // a config is read as its task's,
  take_model(options, words, libraries);
  apply_settings();  // and what is said here counts more
  if (options.workload == Workload::loader) {
    if (!libraries.time_loader) throw UsageError("loader: this build has no data loader (LUVIT_CORE_ONLY)");
    if (options.data.empty()) throw UsageError("loader: --data PATH is expected, a folder of images or tar shards");
  }
  return options;
}

}  // namespace luvit
