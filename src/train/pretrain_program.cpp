#include "luvit/train/pretrain_program.h"

#include <cstdlib>
#include <iostream>

#include "luvit/config/command_line.h"
#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/machine.h"
#include "luvit/core/signals.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "luvit/train/device.h"
#include "luvit/train/loop.h"
#include "luvit/train/pretraining.h"
#include "luvit/train/resume.h"
#include "luvit/train/run_weights.h"
#include "luvit/train/summary.h"

namespace luvit {

namespace {

// Started many times by a launcher, each copy would train the whole alone, into the same folder.
void refuse_many_ranks() {
  for (const char* variable : {"WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* value = std::getenv(variable);
    if (value && std::atoll(value) > 1)
      throw UsageError(str("the environment says ", variable, "=", value, ", but this version trains with one rank"),
                       "start it without the launcher, or unset the variable");
  }
}

std::string joined_words(int argc, char** argv) {
  return join(std::vector<std::string>(argv, argv + argc), " ");
}

OpenedModel description(const PretrainConfig& config) {
  OpenedModel out{.kind = ModelKind::pretraining, .options = config.model, .masking = config.mae};
  out.preprocess = {.resize = config.model.image_size,
                    .crop = config.model.image_size,
                    .mean = config.data.mean,
                    .std = config.data.std};
  return out;
}

struct Data {
  std::shared_ptr<const Dataset> train, val;
};

Data open_data(const PretrainConfig& config) {
  Data data;
  data.train = open_dataset(config.data.train, /*labels_wanted=*/false);
  if (!config.data.val.empty()) data.val = open_dataset(config.data.val, /*labels_wanted=*/false);
  return data;
}

void warn_about(const PretrainConfig& config, const Length& length) {
  if (config.optim.warmup_epochs > length.epochs)
    log_warning(str("optim.warmup_epochs: the warm-up (", exact(config.optim.warmup_epochs),
                    " epochs) is longer than the run (", exact(length.epochs),
                    " epochs); the rate never reaches its peak"));
}

class PretrainRun {
 public:
  PretrainRun(const CommandLine& command, std::string command_line)
      : command_(command), command_line_(std::move(command_line)) {}

  Exit run() {
    declare(schema_, config_);
    const Written written = read_pretrain_config(schema_, config_, command_.config, command_.overrides);
    require_keys(schema_, "--allow-change", command_.allow_change);
    if (command_.print_config) return print(written);
    check(config_, written);
    device_ = choose_device(config_.train.device);
    threads_ = set_threads(config_.train.threads);
    return command_.dry_run ? dry_run() : train();
  }

 private:
  Exit print(const Written& written) {
    if (path_exists(config_.model.fusion.weights)) settle_with_weights(config_, written);
    std::cout << print_config(schema_);
    return Exit::ok;
  }

  Exit dry_run() {
    data_ = open_data(config_);
    MaskedAutoencoder model(config_.model, config_.mae);
    introduce(model);
    give_weights(model, config_, nullptr);
    log_info("config, data and weights are in order; nothing was run (--dry-run)");
    return Exit::ok;
  }

  Exit train() {
    if (command_.output.empty())
      throw UsageError("--output: required", "name the run's folder, e.g. --output runs/first");
    install_stop_signals();
    RunFolder folder(command_.output);
    const std::string yaml = print_config(schema_);
    const auto point = find_resume_point(command_.resume, folder);
    if (point) compare_configs(*point, yaml, command_.allow_change);
    data_ = open_data(config_);
    const DataFingerprint fingerprint = fingerprint_of(*data_.train);
    if (point) compare_data(*point, fingerprint, command_.allow_change);
    folder.open(yaml, {.command_line = command_line_, .device = device_name(device_), .threads = threads_, .ranks = 1});

    MaskedAutoencoder model(config_.model, config_.mae);
    introduce(model);
    CheckpointState state{.seed = config_.train.seed, .threads = threads_, .config = yaml, .data = fingerprint};
    state.frozen = give_weights(model, config_, point ? &*point : nullptr);
    to_device(model, device_);
    require_gradients(model);
    AdamW optimizer(parameter_groups(model, config_.optim, Stage::pretraining, config_.model.depth), config_.optim);
    log_info(groups_table(optimizer.groups()));
    LossScale scale(config_.train.precision == Precision::float16);
    scale.to(device_);
    if (point) go_on_from(*point, model, optimizer, scale);
    return loop(model, optimizer, scale, folder, point ? point->state.step : 0, state);
  }

  // What is about to happen, before anything heavy does.
  void introduce(MaskedAutoencoder& model) {
    const Versions v = versions();
    log_info(str("luvit ", v.luvit, " (", v.revision, "), torch ", v.torch, ", on ", device_name(device_), " with ",
                 threads_, " threads"));
    summary_ = summarise(config_, model, data_.train->size());
    log_info(summary_text(config_, summary_, join(config_.data.train, ", ")));
    warn_about(config_, summary_.length);
  }

  void go_on_from(const ResumePoint& point, MaskedAutoencoder& model, AdamW& optimizer, LossScale& scale) {
    restore(point.folder, model, optimizer);
    if (scale.enabled()) scale.load(point.state.loss_scale, point.state.loss_scale_growth);
    if (point.state.threads != threads_)
      log_warning(str("train.threads: ", threads_, ", the checkpoint was made with ", point.state.threads,
                      "; sums are ordered differently, so the final bytes may differ"));
    log_info(str("resuming from ", escape(point.folder.string()), ", step ", point.state.step));
  }

  Exit loop(MaskedAutoencoder& model, AdamW& optimizer, LossScale& scale, RunFolder& folder, std::int64_t done,
            CheckpointState state) {
    Pretraining task(model, description(config_), data_.train, data_.val, task_options(folder));
    const auto save = [&](std::int64_t step) {
      state.step = step;
      state.epoch = static_cast<double>(step) / static_cast<double>(summary_.length.steps_per_epoch);
      if (scale.enabled()) {
        state.loss_scale = scale.value().item<double>();
        state.loss_scale_growth = scale.growth().item<std::int64_t>();
      }
      // Step 0 exists only where batches are dumped: a replay starts from it.
      folder.checkpoints().save(state, model, description(config_), optimizer, config_.checkpoint.keep, /*pinned=*/{0});
    };
    if (done == 0 && command_.dump_batches > 0) save(0);
    Loop training(task, optimizer, scale, folder, loop_options(done), save);
    if (training.run() == Outcome::stopped) return Exit::stopped;
    const fs::path final = folder.path() / "model.safetensors";
    task.save(final);
    log_info(str("done: ", escape(final.string())));
    return Exit::ok;
  }

  Pretraining::Options task_options(RunFolder& folder) const {
    Pretraining::Options options;
    options.precision = config_.train.precision;
    options.device = device_;
    options.evaluation_batch = summary_.micro_batch;
    options.on_bad = [&folder](const BadFile& file) { folder.bad_file(file); };
    LoaderOptions& loader = options.loader;
    loader.global_batch = config_.train.batch_size;
    loader.rank_first = 0;
    loader.rank_count = summary_.rows;
    loader.image_size = config_.model.image_size;
    loader.patches = config_.model.patches();
    loader.workers = config_.data.workers;
    loader.seed = config_.train.seed;
    loader.pinned = device_.is_cuda();
    loader.crop = config_.augment;
    loader.data = config_.data;
    loader.known_bad = folder.known_bad_files();
    return options;
  }

  LoopOptions loop_options(std::int64_t done) const {
    LoopOptions options{.first_step = done + 1,
                        .last_step = summary_.length.steps,
                        .steps_per_epoch = summary_.length.steps_per_epoch,
                        .micro_batch = summary_.micro_batch,
                        .batch_size = config_.train.batch_size,
                        .rank = 0,
                        .device = device_,
                        .peak_lr = summary_.peak_lr,
                        .optim = config_.optim,
                        .train = config_.train,
                        .log = config_.log,
                        .checkpoint = config_.checkpoint,
                        .eval = config_.eval,
                        .dump_batches = command_.dump_batches};
    // Measuring the machine takes a second: not worth it for a run of seconds.
    const double work = static_cast<double>((options.last_step - done) * options.batch_size) * summary_.step_flops;
    if (work > 1e12) {
      options.flops_per_image = summary_.step_flops;
      options.matmul_speed = matmul_speed(device_, compute_type(config_.train.precision));
    }
    return options;
  }

  const CommandLine& command_;
  std::string command_line_;
  Schema schema_;
  PretrainConfig config_;
  at::Device device_ = at::kCPU;
  std::int64_t threads_ = 0;
  Data data_;
  RunSummary summary_;
};

}  // namespace

int pretrain_program(int argc, char** argv) {
  const CommandLine command =
      parse_command_line("luvit_pretrain", "Pretrains LUViT by masked autoencoding.", argc, argv);
  if (command.version) {
    std::cout << version_report();
    return static_cast<int>(Exit::ok);
  }
  if (command.help) {
    Schema schema;
    PretrainConfig config;
    declare(schema, config);
    std::cout << (command.help->empty() ? command.options_help : "") << print_help(schema, *command.help);
    return static_cast<int>(Exit::ok);
  }
  refuse_many_ranks();
  return static_cast<int>(PretrainRun(command, joined_words(argc, argv)).run());
}

}  // namespace luvit
