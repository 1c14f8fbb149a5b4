#include "luvit/train/run_config.h"

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/weights/adapter.h"
#include "luvit/weights/block_source.h"

namespace luvit {

namespace {

void declare_train(Schema& schema, TrainOptions& train) {
  schema.add("train.batch_size", train.batch_size, "images a step, over all ranks and micro-batches").range(1, 1 << 24);
  schema.add("train.micro_batch", train.micro_batch, "most images a rank holds at once; accumulation follows")
      .range(1, 1 << 24);
  schema
      .add(
          "train.epochs", train.epochs,
          "length of the run, unless train.steps is written; else 800 in pretraining, 100 in fine-tuning, 90 in linear "
          "probing")
      .range(0, 1e9)
      .above_low()
      .units("epochs");
  schema.add("train.steps", train.steps, "length of the run in steps, instead of train.epochs")
      .range(1, 1e12)
      .units("steps");
  schema.exclusive("train.epochs", "train.steps");
  schema
      .add("train.stop_after_steps", train.stop_after_steps,
           "checkpoint and exit 75 after this many steps, counted from the start of training")
      .range(1, 1e12)
      .units("steps");
  schema.add("train.precision", train.precision, "type of the matrix products; master weights are float32",
             {{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}, {"float16", Precision::float16}});
  schema
      .add("train.ema", train.ema,
           "decay of a running average of the weights, which is then evaluated and exported; for fine-tuning")
      .range(0, 1)
      .above_low()
      .below_high();
  schema.add("train.seed", train.seed, "of every random draw: order, crops, masks, initial weights");
  schema.add("train.device", train.device, "auto takes a GPU where there is one",
             {{"auto", DeviceChoice::automatic}, {"cpu", DeviceChoice::cpu}, {"cuda", DeviceChoice::cuda}});
  schema
      .add("train.threads", train.threads,
           "threads of the model's arithmetic on the CPU; 0: all cores, or a rank's share of them")
      .range(0, 4096);
}

void declare_gsnr(Schema& schema, GsnrOptions& gsnr) {
  schema.section("gsnr", "gradient signal-to-noise ratio of single steps, into metrics.jsonl; the run stays the same");
  schema
      .add("gsnr.every_steps", gsnr.every_steps,
           "measured each so many steps, over the step's own images; costs that step's passes once more")
      .range(1, 1e12)
      .units("steps");
  schema.add("gsnr.micro_batch", gsnr.micro_batch, "images whose mean gradient is one draw; a step needs 8 draws")
      .range(1, 1 << 24)
      .units("images");
}

void declare_habits(Schema& schema, RunConfig& config) {
  schema.add("log.every", config.log.every, "a line in the log and in metrics.jsonl").range(1, 1e9).units("steps");
  schema.add("checkpoint.every_steps", config.checkpoint.every_steps, "a checkpoint each so many steps")
      .range(1, 1e12)
      .units("steps");
  schema
      .add("checkpoint.every_epochs", config.checkpoint.every_epochs,
           "a checkpoint each so many epochs, where every_steps is not written; 0: only at the end")
      .range(0, 1e9)
      .units("epochs");
  schema.add("checkpoint.keep", config.checkpoint.keep, "newest checkpoints kept").range(1, 1e9);
  schema.add("eval.every_epochs", config.eval.every_epochs, "evaluation on data.val; 0: only at the end")
      .range(0, 1e9)
      .units("epochs");
}

}  // namespace

void declare_run(Schema& schema, RunConfig& config) {
  declare_model(schema, config.model);
  declare_data(schema, config.data);
  declare_optim(schema, config.optim);
  declare_train(schema, config.train);
  declare_habits(schema, config);
  declare_gsnr(schema, config.gsnr);
  declare_distributed(schema, config.distributed);
}

std::vector<Problem> vit_problems(const ModelOptions& model) {
  ModelOptions without_fusion = model;
  without_fusion.fusion = FusionOptions{};
  without_fusion.fusion.kind = FusionKind::none;
  return check_model(without_fusion);
}

std::vector<Problem> run_problems(const RunConfig& config) {
  std::vector<Problem> problems;
  const auto add = [&](const std::vector<Problem>& more) { problems.insert(problems.end(), more.begin(), more.end()); };
  if (config.optim.kind == OptimKind::lars && config.distributed.shard_optimizer)
    add({{"distributed.shard_optimizer", "is for optim.kind: adamw; LARS needs the norm of whole tensors"}});
  const auto& train = config.train;
  if (train.micro_batch && *train.micro_batch > train.batch_size)
    add({{"train.micro_batch", str(*train.micro_batch, " is more than train.batch_size, ", train.batch_size)}});
  if (config.gsnr.every_steps && train.micro_batch && config.gsnr.micro_batch > *train.micro_batch)
    add({{"gsnr.micro_batch", str(config.gsnr.micro_batch, " is more than train.micro_batch, ", *train.micro_batch)}});
  if (config.data.train.empty())
    add({{"data.train", "no images are named; a folder, tar shards or a list of these is expected"}});
  return problems;
}

std::vector<Problem> gsnr_problems_of_ranks(const RunConfig& config, std::int64_t ranks) {
  if (!config.gsnr.every_steps) return {};
  const std::int64_t batch = config.train.batch_size, micro = config.gsnr.micro_batch;
  if (batch % (ranks * micro) != 0)
    return {{"gsnr.micro_batch", str(micro, ": a rank's ", batch / ranks, " images are not whole micro-batches")}};
  if (batch / micro < 8)
    return {{"gsnr.micro_batch", str(micro, ": a batch of ", batch, " gives ", batch / micro,
                                     " draws of the gradient; at least 8 are needed")}};
  return {};
}

void settle_fusion_with_weights(FusionOptions& fusion, const Written& written) {
  if (fusion.kind != FusionKind::llama || fusion.weights.empty()) return;
  if (fusion.weights != "random")
    settle_fusion_options(fusion, describe_block(fusion.weights, fusion.layer), written.keys, fusion.weights);
  else if (fusion.lora.weights && path_exists(*fusion.lora.weights))
    settle_lora_options(fusion.lora, read_adapter(*fusion.lora.weights), written.keys, *fusion.lora.weights);
}

bool may_change_on_resume(const std::string& key) {
  static const std::vector<std::string> allowed = {"output",
                                                   "log",
                                                   "checkpoint",
                                                   "data.workers",
                                                   "data.val",
                                                   "train.micro_batch",
                                                   "train.stop_after_steps",
                                                   "train.device",
                                                   "train.threads",
                                                   "distributed.timeout_s",
                                                   "distributed.shard_optimizer"};
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& prefix) {
    return key == prefix || (key.size() > prefix.size() && key.starts_with(prefix) && key[prefix.size()] == '.');
  });
}

Length training_length(const TrainOptions& train, std::int64_t samples) {
  if (samples < train.batch_size)
    throw DataError(
        str("data.train: ", samples, " images are fewer than one batch, train.batch_size: ", train.batch_size),
        "lower train.batch_size or name more data");
  Length length;
  length.steps_per_epoch = samples / train.batch_size;
  length.steps = train.steps ? *train.steps
                             : std::max<std::int64_t>(
                                   1, std::llround(*train.epochs * static_cast<double>(length.steps_per_epoch)));
  length.epochs = static_cast<double>(length.steps) / static_cast<double>(length.steps_per_epoch);
  return length;
}

}  // namespace luvit
