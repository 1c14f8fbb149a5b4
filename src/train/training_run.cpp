#include "training_run.h"

#include <cmath>

#include "luvit/core/log.h"
#include "luvit/core/machine.h"
#include "luvit/core/output_path.h"
#include "luvit/core/signals.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/distributed/device.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "luvit/train/agreement.h"
#include "luvit/train/beside.h"
#include "luvit/train/plan.h"
#include "row.h"

namespace luvit {

namespace {

void warn_about(const RunConfig& config, const Length& length) {
  if (config.optim.warmup_epochs > length.epochs)
    log_warning(str("optim.warmup_epochs: the warm-up (", counted(config.optim.warmup_epochs, "epoch"),
                    ") is longer than the run (", counted(length.epochs, "epoch"),
                    "); the rate never reaches its peak"));
}

}  // namespace

Exit TrainingRun::dry_run(std::int64_t ranks) {
  const bool planned = asked_.command.plan_ranks.has_value();  // for other machines than this one
  const auto gpu = asked_.command.gpu ? std::make_optional(find_gpu(*asked_.command.gpu)) : std::nullopt;
  if (!planned) device_ = choose_device(config_.train.device, asked_.place);
  share_cores();
  open_data();
  check_output();
  Team alone;
  const auto task = make_task(alone, {});
  introduce(task->trained(), ranks);
  if (planned) tell_plan(summary_, make_plan(asked_.driver, data_.train, ranks), gpu, config_.train.precision);
  asked_.driver.give_weights(task->model(), nullptr);
  task->give_guidance(nullptr);
  log_info("config, data and weights are in order; nothing was run (--dry-run)");
  return Exit::ok;
}

// What training would say of the folder, before its time has come.
void TrainingRun::check_output() const {
  const std::string& output = asked_.command.output;
  if (output.empty()) return;
  require_output_folder("--output", output);
  const auto point = find_resume_point(asked_.command.resume, output);
  if (!point) return;
  compare_configs(*point, print_config(asked_.schema), asked_.command.allow_change);
  compare_data(*point, fingerprint_of(*data_.train), asked_.command.allow_change);
}

Exit TrainingRun::train() {
  install_stop_signals();
  device_ = choose_device(config_.train.device, asked_.place);
  Team team(asked_.program, asked_.place, device_,
            std::chrono::seconds(std::llround(std::ceil(config_.distributed.timeout_s))));
  try {
    return train(team);
  } catch (...) {
    if (team.size() == 1) throw;
    team.fail();
  }
}

Exit TrainingRun::train(Team& team) {
  agree_on_config(team, print_config(asked_.schema));
  team.require_same("--output", asked_.command.output);
  team.require_same("--resume", asked_.command.resume);
  team.require_same("--dump-batches", str(asked_.command.dump_batches));
  std::optional<RunFolder> folder;
  team.together([&] { folder.emplace(asked_.command.output, team.rank()); });
  CheckpointState state{.seed = config_.train.seed};
  const auto point = prepare(team, *folder, state);

  BadFiles bad_files(team, *folder, config_.data.max_bad);
  const auto task = make_task(team, [&bad_files](const BadFile& file) { bad_files.found(file); });
  introduce(task->trained(), team.size());
  team.together([&] {
    Module& model = task->model();
    state.frozen = asked_.driver.give_weights(model, point ? &*point : nullptr);
    to_device(model, device_);
    if (point) restore(point->folder, model);
    state.guide = task->give_guidance(point ? &*point : nullptr);
  });
  agree_on_weights(team, task->trained(), state.frozen, state.guide);
  require_gradients(task->trained());
  const auto optimizer =
      make_optimizer(team.ranks(), parameter_groups(task->trained(), config_.optim, task->stage(), config_.model.depth),
                     config_.optim, config_.distributed.shard_optimizer);
  log_info(groups_table(optimizer->groups()));
  LossScale scale(config_.train.precision == Precision::float16);
  scale.to(device_);
  const Trained trained{*task, *optimizer, scale};
  team.together([&] { begin(trained, point ? &*point : nullptr); });
  return loop(team, trained, *folder, bad_files, point ? point->state.step : 0, state);
}

// The run's folder, what stands there to go on from, its data.
std::optional<ResumePoint> TrainingRun::prepare(Team& team, RunFolder& folder, CheckpointState& state) {
  share_cores();
  state.threads = threads_;
  set_threads(threads_);
  const auto point = agree_on_resume_point(team, asked_.command.resume, folder);
  team.together([&] {
    if (point) settle_lora_with_checkpoint(config_.model.fusion.lora, *point, asked_.written.keys);
    open_data();
    state.config = print_config(asked_.schema);  // with what the data have settled
    if (point) compare_configs(*point, state.config, asked_.command.allow_change);
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

void TrainingRun::share_cores() {
  const CoreShare share = share_of_cores(asked_.place, process_environment());
  threads_ = config_.train.threads > 0 ? config_.train.threads : share.threads;
  workers_ = config_.data.workers > 0 ? config_.data.workers : share.workers;
}

void TrainingRun::open_data() {
  const bool labels = asked_.driver.labels_wanted();
  data_.train = open_dataset(config_.data.train, labels, "data.train");
  if (!config_.data.val.empty()) data_.val = open_dataset(config_.data.val, labels, "data.val");
  asked_.driver.settle_with_data(*data_.train, data_.val.get(), asked_.written);
}

std::unique_ptr<Task> TrainingRun::make_task(Team& team, std::function<void(const BadFile&)> on_bad) const {
  const std::int64_t rows = config_.train.batch_size / team.size();
  return asked_.driver.make_task({.team = team,
                                  .device = device_,
                                  .train = data_.train,
                                  .val = data_.val,
                                  .rows = rows,
                                  .evaluation_batch = std::min(rows, config_.train.micro_batch.value_or(rows)),
                                  .workers = workers_,
                                  .on_bad = std::move(on_bad)});
}

void TrainingRun::introduce(Module& model, std::int64_t ranks) {
  const Versions v = versions();
  log_info(str("luvit ", v.luvit, " (", v.revision, "), torch ", v.torch, ", on ", device_name(device_), " with ",
               counted(static_cast<double>(threads_), "thread")));
  summary_ = summarise(asked_.driver, model, data_.train->size(), ranks);
  const bool planned = asked_.command.plan_ranks.has_value();  // then the plan counts the memory
  log_info(summary_text(config_, summary_, join(config_.data.train, ", "), /*with_memory=*/!planned));
  warn_about(config_, summary_.length);
}

// The task's and the optimizer's state, from nothing or from a checkpoint.
void TrainingRun::begin(const Trained& trained, const ResumePoint* point) const {
  NamedTensors saved;
  if (point) saved = saved_optimizer(point->folder);
  begin_beside(trained.task, saved);
  trained.task.begin(saved);
  if (!point) return;
  trained.optimizer.load_state(saved);
  if (trained.scale.enabled()) trained.scale.load(point->state.loss_scale, point->state.loss_scale_growth);
  if (point->state.threads != threads_)
    log_warning(str("train.threads: ", threads_, ", the checkpoint was made with ", point->state.threads,
                    "; sums are ordered differently, so the final bytes may differ"));
  log_info(str("resuming from ", escape(point->folder.string()), ", step ", point->state.step));
}

Exit TrainingRun::loop(Team& team, const Trained& trained, RunFolder& folder, BadFiles& bad_files, std::int64_t done,
                       CheckpointState state) {
  std::optional<Loop> training;
  const auto save_step = [&](std::int64_t step) {
    state.step = step;
    // Step 0 exists only where batches are dumped: a replay starts from it.
    std::vector<std::int64_t> pinned = {0};
    if (training && training->best_step()) pinned.push_back(*training->best_step());
    save(team, trained, folder, pinned, state);
  };
  if (done == 0 && asked_.command.dump_batches > 0) save_step(0);
  training.emplace(LoopParts{team, trained.task, trained.optimizer, trained.scale, folder, bad_files},
                   loop_options(team, done), save_step);
  const fs::path final = folder.path() / "model.safetensors";
  tell_if_past_the_end(done);
  try {
    if (training->run() == Outcome::stopped) return Exit::stopped;
  } catch (const Error& error) {
    if (error.exit() != Exit::data || !training->complete()) throw;
    export_model(team, trained.task, final);
    throw DataError(error.lines(),
                    str("training is complete and ", escape(final.string()),
                        " is written; repair or remove what data.val cannot be read from, which "
                        "data.max_bad does not cover, and run the same command again for the evaluation"));
  }
  export_model(team, trained.task, final);
  log_info(str("done: ", escape(final.string())));
  return Exit::ok;
}

void TrainingRun::save(Team& team, const Trained& trained, RunFolder& folder, const std::vector<std::int64_t>& pinned,
                       CheckpointState& state) const {
  state.epoch = static_cast<double>(state.step) / static_cast<double>(summary_.length.steps_per_epoch);
  if (trained.scale.enabled()) {
    state.loss_scale = trained.scale.value().item<double>();
    state.loss_scale_growth = trained.scale.growth().item<std::int64_t>();
  }
  AdamW::NamedState optimizer = trained.optimizer.state();
  for (auto&& part : {trained.task.state(), state_beside(trained.task)})
    optimizer.insert(optimizer.end(), part.begin(), part.end());
  const auto shown = trained.task.evaluated_weights();
  team.together([&] {
    if (team.leads())
      folder.checkpoints().save(state, trained.task.model(), trained.task.description(), optimizer,
                                config_.checkpoint.keep, pinned);
  });
}

void TrainingRun::export_model(Team& team, Task& task, const fs::path& path) const {
  const SignsOfLife signs(team);
  const auto shown = task.evaluated_weights();
  team.together([&] {
    if (team.leads()) save_model(path, task.model(), task.description());
  });
}

void TrainingRun::tell_if_past_the_end(std::int64_t done) const {
  const std::int64_t last = summary_.length.steps;
  if (done == last) log_info(str("already at its last step, ", last, ": nothing is left to train"));
  if (done > last)
    log_warning(str("the checkpoint is of step ", done, ", past the end of the run as it is now, step ", last,
                    ": nothing is trained, and what is exported is step ", done));
}

LoopOptions TrainingRun::loop_options(const Team& team, std::int64_t done) const {
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
                      .gsnr = config_.gsnr,
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
