#include "luvit/train/pretrain_program.h"

#include <cstdlib>
#include <iostream>
#include <thread>

#include "luvit/config/command_line.h"
#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/signals.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/models/initial_values.h"
#include "luvit/train/device.h"
#include "luvit/train/loop.h"
#include "luvit/train/pretraining.h"
#include "luvit/train/resume.h"
#include "luvit/train/summary.h"
#include "luvit/weights/block_source.h"

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

std::int64_t loader_threads(std::int64_t asked) {
  if (asked > 0) return asked;
  const std::int64_t cores = std::thread::hardware_concurrency();
  return std::max<std::int64_t>(1, cores - 1);
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

// Initial values by (seed, name); over them the frozen block and, where named, an adapter.
FrozenReference give_weights(MaskedAutoencoder& model, const PretrainConfig& config, const ResumePoint* point) {
  const FusionOptions& fusion = config.model.fusion;
  const bool from_file = fusion.kind == FusionKind::llama && fusion.weights != "random";
  const bool random = fusion.kind == FusionKind::llama && !from_file;
  const at::ScalarType type = frozen_type(fusion, config.train.precision);
  InitialValues how{.seed = config.train.seed, .frozen_type = type, .skip_frozen = from_file};
  if (random && point) how.seed = point->state.frozen.seed;
  initialise(model, config.model, how);
  FrozenReference reference;
  if (random) reference = {.kind = FrozenReference::Kind::random, .seed = how.seed, .type = type};
  if (from_file) {
    const BlockSource block = read_block(fusion.weights, fusion.layer, fusion.final_norm == FinalNorm::pretrained);
    load_block(model, block, type);
    reference = {.kind = FrozenReference::Kind::file,
                 .source = fusion.weights,
                 .layer = block.info.layer,
                 .sha256 = block.sha256,
                 .type = type};
  }
  if (fusion.kind == FusionKind::llama && fusion.lora.weights) load_adapter(model, fusion, *fusion.lora.weights);
  return reference;
}

void check_frozen(const FrozenReference& now, const ResumePoint& point) {
  const FrozenReference& then = point.state.frozen;
  if (then.kind == now.kind && (then.kind != FrozenReference::Kind::file || then.sha256 == now.sha256)) return;
  throw DataError(str("model.fusion.weights: ", now.source.empty() ? "the block" : now.source, " is not the block of ",
                      point.folder.string(), " (SHA-256 ", then.sha256, " there, ", now.sha256, " here)"),
                  "bring back the block that the run was started with");
}

class PretrainRun {
 public:
  PretrainRun(const CommandLine& command, std::string command_line)
      : command_(command), command_line_(std::move(command_line)) {}

  int run() {
    declare(schema_, config_);
    const Written written = read_pretrain_config(schema_, config_, command_.config, command_.overrides);
    if (command_.print_config) {
      if (fs::exists(config_.model.fusion.weights)) settle_with_weights(config_, written);
      std::cout << print_config(schema_);
      return static_cast<int>(Exit::ok);
    }
    check(config_, written);
    device_ = choose_device(config_.train.device);
    threads_ = set_threads(config_.train.threads);
    data_ = open_data(config_);
    MaskedAutoencoder model(config_.model, config_.mae);
    summary_ = summarise(config_, model, data_.train->size());
    warn_about(config_, summary_.length);
    if (command_.dry_run) return dry_run(model);
    return train(model);
  }

 private:
  int dry_run(MaskedAutoencoder& model) {
    log_info(summary_text(config_, summary_, join(config_.data.train, ", ")));
    give_weights(model, config_, nullptr);
    log_info("config, data and weights are in order; nothing was run (--dry-run)");
    return static_cast<int>(Exit::ok);
  }

  int train(MaskedAutoencoder& model) {
    if (command_.output.empty())
      throw UsageError("--output: required", "name the run's folder, e.g. --output runs/first");
    RunFolder folder(command_.output);
    const std::string yaml = print_config(schema_);
    const auto point = find_resume_point(command_.resume, folder);
    if (point) compare_configs(*point, yaml, command_.allow_change);
    folder.open(yaml, {.command_line = command_line_, .device = device_name(device_), .threads = threads_, .ranks = 1});
    const Versions v = versions();
    log_info(str("luvit ", v.luvit, " (", v.revision, "), torch ", v.torch, ", on ", device_name(device_), " with ",
                 threads_, " threads"));
    log_info(summary_text(config_, summary_, join(config_.data.train, ", ")));

    const FrozenReference frozen = give_weights(model, config_, point ? &*point : nullptr);
    if (point) check_frozen(frozen, *point);
    to_device(model, device_);
    require_gradients(model);
    AdamW optimizer(parameter_groups(model, config_.optim, Stage::pretraining, config_.model.depth), config_.optim);
    log_info(groups_table(optimizer.groups()));
    LossScale scale(config_.train.precision == Precision::float16);
    scale.to(device_);
    if (point) go_on_from(*point, model, optimizer, scale);
    return loop(model, optimizer, scale, folder, frozen, point ? point->state.step : 0, yaml);
  }

  void go_on_from(const ResumePoint& point, MaskedAutoencoder& model, AdamW& optimizer, LossScale& scale) {
    restore(point.folder, model, optimizer);
    if (scale.enabled()) scale.load(point.state.loss_scale, point.state.loss_scale_growth);
    if (point.state.threads != threads_)
      log_warning(str("train.threads: ", threads_, ", the checkpoint was made with ", point.state.threads,
                      "; sums are ordered differently, so the final bytes may differ"));
    log_info(str("resuming from ", point.folder.string(), ", step ", point.state.step));
  }

  int loop(MaskedAutoencoder& model, AdamW& optimizer, LossScale& scale, RunFolder& folder,
           const FrozenReference& frozen, std::int64_t done, const std::string& yaml) {
    Pretraining task(model, description(config_), data_.train, data_.val, task_options(folder));
    const std::vector<std::int64_t> pinned =
        command_.dump_batches > 0 ? std::vector<std::int64_t>{0} : std::vector<std::int64_t>{};
    const auto save = [&](std::int64_t step) {
      CheckpointState state{.step = step,
                            .epoch = static_cast<double>(step) / static_cast<double>(summary_.length.steps_per_epoch),
                            .seed = config_.train.seed,
                            .threads = threads_,
                            .config = yaml,
                            .frozen = frozen};
      if (scale.enabled()) {
        state.loss_scale = scale.value().item<double>();
        state.loss_scale_growth = scale.growth().item<std::int64_t>();
      }
      folder.checkpoints().save(state, model, description(config_), optimizer, config_.checkpoint.keep, pinned);
    };
    if (done == 0 && command_.dump_batches > 0) save(0);
    if (done < summary_.length.steps) {
      Loop training(task, optimizer, scale, folder, loop_options(done), save);
      if (training.run() == Outcome::stopped) return static_cast<int>(Exit::stopped);
    } else {
      log_info(str("already at the last step, ", done));
    }
    const fs::path final = folder.path() / "model.safetensors";
    if (done < summary_.length.steps || !fs::exists(final)) task.save(final);
    log_info(str("done: ", final.string()));
    return static_cast<int>(Exit::ok);
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
    loader.workers = loader_threads(config_.data.workers);
    loader.seed = config_.train.seed;
    loader.pinned = device_.is_cuda();
    loader.crop = config_.augment;
    loader.data = config_.data;
    return options;
  }

  LoopOptions loop_options(std::int64_t done) const {
    return {.first_step = done + 1,
            .last_step = summary_.length.steps,
            .steps_per_epoch = summary_.length.steps_per_epoch,
            .micro_batch = summary_.micro_batch,
            .batch_size = config_.train.batch_size,
            .rank = 0,
            .peak_lr = summary_.peak_lr,
            .optim = config_.optim,
            .train = config_.train,
            .log = config_.log,
            .checkpoint = config_.checkpoint,
            .eval = config_.eval,
            .dump_batches = command_.dump_batches};
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
  install_stop_signals();
  return PretrainRun(command, joined_words(argc, argv)).run();
}

}  // namespace luvit
