#include <iostream>

#include "gsnr.h"
#include "gsnr_partial.h"
#include "luvit/config/options_parser.h"
#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/output_path.h"
#include "luvit/core/signals.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/distributed/device.h"
#include "luvit/distributed/local_launch.h"
#include "luvit/eval/commands.h"
#include "luvit/io/sha256.h"

namespace luvit {
namespace {

constexpr std::chrono::seconds rank_timeout{600};
constexpr DeviceUse measuring{"--device", "measuring"};

const char* const about =
    "The gradient signal-to-noise ratio (squared mean over variance of a parameter's gradient across samples) of "
    "models and of runs' checkpoints, on one fixed set of images: unbiased estimates with intervals, by tensor, layer "
    "and model. Liu et al. (2020) and LUViT read a high ratio as a good sign; Michalkiewicz et al. (2023) drop the "
    "parameters that have the highest. Writes gsnr.json, gsnr.csv and report.html.";

struct GsnrCommand {
  std::vector<std::string> runs, data;
  std::string out, precision = "float32", device = "auto";
  ProbeOptions probe;
  std::optional<double> label_smoothing;  // the run's own
  std::int64_t seed = 0, threads = 0, workers = 0;
  std::optional<std::int64_t> ranks;
  bool dump_probe = false;
};

bool parse(GsnrCommand& command, int argc, char** argv) {
  OptionsParser parser("luvit_eval gsnr", about);
  parser.positional(
      "RUN", command.runs,
      "runs' output folders (all whole checkpoints in them), checkpoint folders or weights files; several "
      "are compared on the tensors that all have");
  parser.add("--data", command.data, "images as for data.train: folders, tar shards; labelled for classifiers");
  parser.add("--out", command.out, "the folder to write");
  parser.add("--samples", command.probe.samples, "images in a probe set", 8, 1 << 30);
  parser.add("--sets", command.probe.sets, "disjoint probe sets; intervals come of two or more", 1, 1000);
  parser.add("--micro-batch", command.probe.micro_batch, "images whose mean gradient is one draw", 1, 1 << 20);
  parser.add("--seed", command.seed, "which images, and their masks");
  parser.add("--label-smoothing", command.label_smoothing, "of classifiers; default: what their run trained with");
  parser.flag("--random-labels", command.probe.random_labels, "a control: labels that mean nothing");
  parser.choice("--precision", command.precision, {"float32", "bfloat16"}, "rounding adds variance");
  parser.choice("--device", command.device, {"auto", "cpu", "cuda"}, "auto takes a GPU where there is one");
  parser.add("--threads", command.threads, "of the arithmetic on the CPU; 0: all cores", 0, 4096);
  parser.add("--workers", command.workers, "threads that read; 0: one a core, less one", 0, 4096);
  parser.add("--ranks", command.ranks, "ranks on this machine", 1, 1 << 20);
  parser.flag("--dump-probe", command.dump_probe, "write what the first RUN is shown: probe-SET.safetensors");
  for (const char* name : {"RUN", "--data", "--out"}) parser.required(name);
  return parser.parse(argc, argv);
}

void check(const GsnrCommand& command) {
  if (const auto& smoothing = command.label_smoothing; smoothing && (*smoothing < 0 || *smoothing >= 1))
    throw UsageError(str("--label-smoothing ", *smoothing, " is not within [0, 1)"));
  require_output_folder("--out", command.out);
  if (path_exists(fs::path(command.out) / "results.json"))
    throw UsageError(str("--out ", escape(command.out), " holds an evaluation, whose report.html would be lost"),
                     "name a folder of its own");
}

DeviceChoice device_choice(const std::string& name) {
  return name == "cuda" ? DeviceChoice::cuda : name == "cpu" ? DeviceChoice::cpu : DeviceChoice::automatic;
}

std::string names_hash(const Dataset& data) {
  Sha256 hash;
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const std::string name = data.name(i);
    hash.add(name.c_str(), name.size() + 1);
  }
  return hash.hex();
}

class Measurement {
 public:
  Measurement(const GsnrCommand& command, Team& team, at::Device device, std::int64_t workers)
      : command_(command), team_(team) {
    results_.options = command.probe;
    results_.options.seed = static_cast<std::uint64_t>(command.seed);
    results_.options.compute = command.precision == "bfloat16" ? at::kBFloat16 : at::kFloat;
    results_.options.device = device;
    results_.options.workers = workers;
    results_.data = command.data;
    results_.precision = command.precision;
  }

  Exit run() {
    team_.together([&] { open(); });
    team_.require_same("--data", results_.data_sha256);
    team_.require_same("RUN", weights_text());
    partial_.emplace(fs::path(command_.out) / "partial", setting());
    for (const GsnrWeights& weights : weights_) {
      if (!known(weights) && !measure(weights)) {
        log_info(str("stopped by ", stopped_by(), "; run the same command again: it goes on from here"));
        return Exit::stopped;
      }
    }
    team_.together([&] {
      if (team_.leads()) write();
    });
    return Exit::ok;
  }

 private:
  void open() {
    weights_ = gsnr_weights(command_.runs, command_.label_smoothing);
    if (command_.runs.size() > 1) shared_ = shared_tensors(weights_);
    results_.classifiers = are_classifiers();
    data_ = open_dataset(command_.data, results_.classifiers && !command_.probe.random_labels, "--data");
    require_probe(results_.options, data_->size(), join(command_.data, ", "));
    results_.data_samples = data_->size();
    results_.data_sha256 = names_hash(*data_);
    for (GsnrWeights& one : weights_) one.sha256 = hash_of_weights(one.weights);
  }

  // Whether they are classifiers, which all of them are or none; what a loss without labels has no use for is refused.
  bool are_classifiers() const {
    const GsnrWeights *classifier = nullptr, *other = nullptr;
    for (const GsnrWeights& one : weights_)
      (describe_model(one.weights).kind == ModelKind::classifier ? classifier : other) = &one;
    const bool of_labels = command_.probe.random_labels || command_.label_smoothing;
    if (other && of_labels)
      throw UsageError(str(command_.probe.random_labels ? "--random-labels: " : "--label-smoothing: ",
                           escape(other->weights.string()), " is no classifier, its loss has no labels"),
                       "leave it out, or name classifiers only");
    if (other && classifier)
      throw UsageError(str(escape(classifier->weights.string()), " and ", escape(other->weights.string()),
                           " are a classifier and a pretraining model: their losses, so their gradients, are of two "
                           "kinds"),
                       "measure them apart");
    return classifier;
  }

  // All ranks have found the same weights: a run may still be writing them, or lie on a disk of each.
  std::string weights_text() const {
    std::string text;
    for (const GsnrWeights& one : weights_)
      text +=
          str(text.empty() ? "" : ", ", escape(one.weights.string()), " ", one.sha256, " ", exact(one.label_smoothing));
    return text;
  }

  std::string setting() const {
    const ProbeOptions& o = results_.options;
    std::string text =
        str(versions().luvit, " ", versions().revision, "\n", o.samples, " ", o.sets, " ", o.micro_batch, " ", o.seed,
            " ", o.random_labels, " ", results_.precision, " ", device_name(o.device), "\n", results_.data_sha256);
    if (shared_)
      for (const std::string& name : *shared_) text += "\n" + name;
    return text;
  }

  // Measured before the command was stopped.
  bool known(const GsnrWeights& weights) {
    if (command_.dump_probe && &weights == &weights_.front()) return false;
    std::optional<GsnrPoint> point;
    team_.together([&] {
      if (team_.leads()) point = partial_->read(weights);
    });
    if (team_.from_leader(point ? "known" : "").empty()) return false;
    if (point) log_info(str("measured before: ", gsnr_text(*point)));
    if (point) results_.points.push_back(std::move(*point));
    return true;
  }

  bool measure(const GsnrWeights& weights) {
    results_.options.label_smoothing = weights.label_smoothing;
    std::optional<GradientProbe> probe;
    team_.together([&] { probe.emplace(weights.weights, *data_, results_.options); });
    GsnrPoint point{.of = weights, .draws = {}, .loss = {}, .rows = {}};
    for (std::int64_t set = 0; set < results_.options.sets; ++set) {
      if (command_.dump_probe && &weights == &weights_.front()) dump(*probe, set);
      const auto result = probe->measure(team_, set);
      if (!result) return false;
      add_set(point, *result, shared_ ? &*shared_ : nullptr);
    }
    log_info(gsnr_text(point));
    team_.together([&] {
      if (team_.leads()) partial_->write(point);
    });
    results_.points.push_back(std::move(point));
    return true;
  }

  void dump(GradientProbe& probe, std::int64_t set) {
    team_.together([&] {
      if (!team_.leads()) return;
      file_layer().make_folder(command_.out);
      write_safetensors(fs::path(command_.out) / str("probe-", set, ".safetensors"), probe.shown(set), {});
    });
  }

  void write() {
    results_.comparisons = compare_gsnr(results_.points);
    for (const GsnrComparison& comparison : results_.comparisons) log_info(gsnr_text(comparison));
    const fs::path folder = command_.out;
    file_layer().make_folder(folder);
    write_durably(folder / "gsnr.json", gsnr_json(results_));
    write_durably(folder / "gsnr.csv", gsnr_csv(results_));
    write_gsnr_pages(folder, results_);
    log_info(str("results: ", escape((folder / "gsnr.json").string()), ", gsnr.csv and report.html beside it"));
  }

  const GsnrCommand& command_;
  Team& team_;
  GsnrResults results_;
  std::vector<GsnrWeights> weights_;
  std::optional<std::set<std::string>> shared_;
  std::shared_ptr<const Dataset> data_;
  std::optional<GsnrPartial> partial_;
};

}  // namespace

int gsnr_program(int argc, char** argv) {
  GsnrCommand command;
  if (!parse(command, argc, argv)) return 0;
  check(command);
  const Place place = find_place(process_environment());
  const std::int64_t ranks = ranks_of(command.ranks, place);
  if (place.rank > 0) log_errors_only();
  if (ranks > place.ranks) {
    require_gpus(device_choice(command.device), ranks, measuring);
    return run_local_ranks(ranks, argv - 1);  // with the program's name, which stands before the command's
  }
  install_stop_signals();
  const CoreShare share = share_of_cores(place, process_environment());
  set_threads(command.threads > 0 ? command.threads : share.threads);
  const at::Device device = choose_device(device_choice(command.device), place, measuring);
  Team team("luvit_eval", place, device, rank_timeout);
  try {
    Measurement measurement(command, team, device, command.workers > 0 ? command.workers : share.workers);
    return static_cast<int>(measurement.run());
  } catch (...) {
    if (team.size() == 1) throw;
    team.fail();
  }
}

}  // namespace luvit
