#include "pretrain_run.h"

#include <cmath>

#include "luvit/core/log.h"
#include "luvit/core/machine.h"
#include "luvit/core/signals.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/distributed/device.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "luvit/train/agreement.h"
#include "luvit/train/plan.h"
#include "luvit/train/run_weights.h"

namespace luvit {

namespace {

void warn_about(const PretrainConfig& config, const Length& length) {
  if (config.optim.warmup_epochs > length.epochs)
    log_warning(str("optim.warmup_epochs: the warm-up (", exact(config.optim.warmup_epochs),
                    " epochs) is longer than the run (", exact(length.epochs),
                    " epochs); the rate never reaches its peak"));
}

}  // namespace

Exit PretrainRun::dry_run(std::int64_t ranks) {
  const bool planned = asked_.command.plan_ranks.has_value();  // for other machines than this one
  const auto gpu = asked_.command.gpu ? std::make_optional(find_gpu(*asked_.command.gpu)) : std::nullopt;
  if (!planned) device_ = choose_device(config_.train.device, asked_.place.local_rank);
  share_cores();
  open_data();
  MaskedAutoencoder model(config_.model, config_.mae);
  introduce(model, ranks);
  if (planned) tell_plan(summary_, make_plan(config_, data_.train, ranks), gpu, config_.train.precision);
  give_weights(model, config_, nullptr);
  log_info("config, data and weights are in order; nothing was run (--dry-run)");
  return Exit::ok;
}

Exit PretrainRun::train() {
  install_stop_signals();
  device_ = choose_device(config_.train.device, asked_.place.local_rank);
  Team team("luvit_pretrain", asked_.place, device_,
            std::chrono::seconds(std::llround(std::ceil(config_.distributed.timeout_s))));
  try {
    return train(team);
  } catch (...) {
    if (team.size() == 1) throw;
    team.fail();
  }
}

Exit PretrainRun::train(Team& team) {
  CheckpointState state{.seed = config_.train.seed, .config = print_config(asked_.schema)};
  agree_on_config(team, state.config);
  team.require_same("--output", asked_.command.output);
  team.require_same("--resume", asked_.command.resume);
  team.require_same("--dump-batches", str(asked_.command.dump_batches));
  std::optional<RunFolder> folder;
  team.together([&] { folder.emplace(asked_.command.output, team.rank()); });
  const auto point = prepare(team, *folder, state);

  MaskedAutoencoder model(config_.model, config_.mae);
  introduce(model, team.size());
  team.together([&] {
    state.frozen = give_weights(model, config_, point ? &*point : nullptr);
    to_device(model, device_);
    if (point) restore(point->folder, model);
  });
  agree_on_weights(team, model, state.frozen);
  require_gradients(model);
  SharedOptimizer optimizer(team.ranks(),
                            parameter_groups(model, config_.optim, Stage::pretraining, config_.model.depth),
                            config_.optim, config_.distributed.shard_optimizer);
  log_info(groups_table(optimizer.groups()));
  LossScale scale(config_.train.precision == Precision::float16);
  scale.to(device_);
  team.together([&] {
    if (point) go_on_from(*point, optimizer, scale);
  });
  return loop(team, model, optimizer, scale, *folder, point ? point->state.step : 0, state);
}

// The run's folder, what stands there to go on from, its data.
std::optional<ResumePoint> PretrainRun::prepare(Team& team, RunFolder& folder, CheckpointState& state) {
  share_cores();
  state.threads = threads_;
  set_threads(threads_);
  const auto point = agree_on_resume_point(team, asked_.command.resume, folder);
  team.together([&] {
    if (point) compare_configs(*point, state.config, asked_.command.allow_change);
    open_data();
    state.data = fingerprint_of(*data_.train);
    if (point) compare_data(*point, state.data, asked_.command.allow_change);
  });
  agree_on_data(team, "data.train", state.data);
  if (data_.val && team.size() > 1) agree_on_data(team, "data.val", fingerprint_of(*data_.val));
  team.together([&] {
    folder.open(state.config, {.command_line = asked_.command_line,
                               .device = device_name(device_),
                               .threads = threads_,
                               .ranks = team.size()});
  });
  return point;
}

void PretrainRun::share_cores() {
  const std::int64_t cores = share_of_cores(asked_.place, process_environment());
  threads_ = config_.train.threads > 0 ? config_.train.threads : cores;
  workers_ = config_.data.workers > 0 ? config_.data.workers : std::max<std::int64_t>(1, cores - 1);
}

void PretrainRun::open_data() {
  data_.train = open_dataset(config_.data.train, /*labels_wanted=*/false);
  if (!config_.data.val.empty()) data_.val = open_dataset(config_.data.val, /*labels_wanted=*/false);
}

void PretrainRun::introduce(MaskedAutoencoder& model, std::int64_t ranks) {
  const Versions v = versions();
  log_info(str("luvit ", v.luvit, " (", v.revision, "), torch ", v.torch, ", on ", device_name(device_), " with ",
               threads_, " threads"));
  summary_ = summarise(config_, model, data_.train->size(), ranks);
  log_info(summary_text(config_, summary_, join(config_.data.train, ", ")));
  warn_about(config_, summary_.length);
}

void PretrainRun::go_on_from(const ResumePoint& point, SharedOptimizer& optimizer, LossScale& scale) {
  optimizer.load_state(saved_optimizer(point.folder));
  if (scale.enabled()) scale.load(point.state.loss_scale, point.state.loss_scale_growth);
  if (point.state.threads != threads_)
    log_warning(str("train.threads: ", threads_, ", the checkpoint was made with ", point.state.threads,
                    "; sums are ordered differently, so the final bytes may differ"));
  log_info(str("resuming from ", escape(point.folder.string()), ", step ", point.state.step));
}

Exit PretrainRun::loop(Team& team, MaskedAutoencoder& model, SharedOptimizer& optimizer, LossScale& scale,
                       RunFolder& folder, std::int64_t done, CheckpointState state) {
  BadFiles bad_files(team, folder, config_.data.max_bad);
  Pretraining task(team, model, description(), data_.train, data_.val, task_options(team, bad_files));
  const auto save = [&](std::int64_t step) {
    state.step = step;
    state.epoch = static_cast<double>(step) / static_cast<double>(summary_.length.steps_per_epoch);
    if (scale.enabled()) {
      state.loss_scale = scale.value().item<double>();
      state.loss_scale_growth = scale.growth().item<std::int64_t>();
    }
    const auto moments = optimizer.state();
    // Step 0 exists only where batches are dumped: a replay starts from it.
    team.together([&] {
      if (team.leads())
        folder.checkpoints().save(state, model, description(), moments, config_.checkpoint.keep, /*pinned=*/{0});
    });
  };
  if (done == 0 && asked_.command.dump_batches > 0) save(0);
  Loop training({team, task, optimizer, scale, folder, bad_files}, loop_options(team, done), save);
  const fs::path final = folder.path() / "model.safetensors";
  const auto export_model = [&] {
    const SignsOfLife signs(team);
    team.together([&] {
      if (team.leads()) task.save(final);
    });
  };
  tell_if_past_the_end(done);
  try {
    if (training.run() == Outcome::stopped) return Exit::stopped;
  } catch (const Error& error) {
    if (error.exit() != Exit::data || !training.complete()) throw;
    export_model();
    throw DataError(error.lines(),
                    str("training is complete and ", escape(final.string()),
                        " is written; repair or remove what data.val cannot be read from, which "
                        "data.max_bad does not cover, and run the same command again for the evaluation"));
  }
  export_model();
  log_info(str("done: ", escape(final.string())));
  return Exit::ok;
}

void PretrainRun::tell_if_past_the_end(std::int64_t done) const {
  const std::int64_t last = summary_.length.steps;
  if (done == last) log_info(str("already at its last step, ", last, ": nothing is left to train"));
  if (done > last)
    log_warning(str("the checkpoint is of step ", done, ", past the end of the run as it is now, step ", last,
                    ": nothing is trained, and what is exported is step ", done));
}

OpenedModel PretrainRun::description() const {
  OpenedModel out{.kind = ModelKind::pretraining, .options = config_.model, .masking = config_.mae};
  out.preprocess = {.resize = config_.model.image_size,
                    .crop = config_.model.image_size,
                    .mean = config_.data.mean,
                    .std = config_.data.std};
  return out;
}

Pretraining::Options PretrainRun::task_options(Team& team, BadFiles& bad_files) const {
  Pretraining::Options options;
  options.precision = config_.train.precision;
  options.device = device_;
  options.evaluation_batch = summary_.micro_batch;
  options.on_bad = [&bad_files](const BadFile& file) { bad_files.found(file); };
  LoaderOptions& loader = options.loader;
  loader.global_batch = config_.train.batch_size;
  loader.rank_first = summary_.rows * team.rank();
  loader.rank_count = summary_.rows;
  loader.image_size = config_.model.image_size;
  loader.patches = config_.model.patches();
  loader.workers = workers_;
  loader.seed = config_.train.seed;
  loader.pinned = device_.is_cuda();
  loader.crop = config_.augment;
  loader.data = config_.data;
  loader.data.max_bad = std::numeric_limits<std::int64_t>::max();  // BadFiles counts those of all ranks
  return options;
}

LoopOptions PretrainRun::loop_options(const Team& team, std::int64_t done) const {
  const bool halves = config_.distributed.compress == Compress::bfloat16;
  LoopOptions options{.first_step = done + 1,
                      .last_step = summary_.length.steps,
                      .steps_per_epoch = summary_.length.steps_per_epoch,
                      .micro_batch = summary_.micro_batch,
                      .batch_size = config_.train.batch_size,
                      .device = device_,
                      .peak_lr = summary_.peak_lr,
                      .optim = config_.optim,
                      .train = config_.train,
                      .log = config_.log,
                      .checkpoint = config_.checkpoint,
                      .eval = config_.eval,
                      .compression = halves ? Compression::bfloat16 : Compression::none,
                      .dump_batches = asked_.command.dump_batches};
  // Measuring the machine takes a second: not worth it for a run of seconds. All ranks measure at the same time.
  const double work = static_cast<double>((options.last_step - done) * options.batch_size) * summary_.step_flops;
  if (work > 1e12) {
    options.flops_per_image = summary_.step_flops;
    options.matmul_speed =
        static_cast<double>(team.size()) * matmul_speed(device_, compute_type(config_.train.precision));
  }
  return options;
}

}  // namespace luvit
