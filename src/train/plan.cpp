#include "luvit/train/plan.h"

#include <ATen/ATen.h>

#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "luvit/train/pretraining.h"
#include "luvit/train/step.h"
#include "meta_memory.h"

namespace luvit {

namespace {

// A model on the meta device whose tensors are in the types that training keeps them in.
void settle_on_meta(MaskedAutoencoder& model, const PretrainConfig& config) {
  for (const NamedTensor& named : model.named_tensors())
    if (named.role == Role::frozen)
      *named.tensor = named.tensor->to(frozen_type(config.model.fusion, config.train.precision));
  to_meta(model);
}

// Rows of one and the same image that was never decoded.
StepBatch stand_in_batch(const ModelOptions& model, std::int64_t rows) {
  const auto repeated = [&](std::vector<std::int64_t> shape) {
    shape.insert(shape.begin(), 1);
    const at::Tensor one = at::zeros(shape);
    shape.front() = rows;
    return one.expand(shape);
  };
  const at::Tensor images = repeated({3, model.image_size, model.image_size}), noise = repeated({model.patches()});
  return {{{"images", images}, {"noise", noise}, {"index", at::zeros({rows}, at::kLong)}}, rows, /*step=*/1};
}

Pretraining::Options on_meta(const PretrainConfig& config) {
  Pretraining::Options options;
  options.precision = config.train.precision;
  options.device = at::kMeta;
  options.loader.global_batch = config.train.batch_size;
  options.loader.image_size = config.model.image_size;
  options.loader.patches = config.model.patches();
  options.loader.seed = config.train.seed;
  options.loader.data = config.data;
  return options;
}

// Two moments of each value and a count of steps for each piece, as AdamW keeps them.
std::int64_t state_bytes(const std::vector<ParameterGroup>& groups, std::int64_t part, std::int64_t parts) {
  std::int64_t values = 0, steps = 0;
  for (const Piece& piece : pieces_of_part(groups, part, parts)) {
    values += 2 * piece.count;
    ++steps;
  }
  return static_cast<std::int64_t>(sizeof(float)) * (values + steps);
}

// Runs two steps; the second finds the gradients' buffers where the first one left them.
void measure_step(Plan& plan, const PretrainConfig& config, MaskedAutoencoder& model,
                  const std::vector<ParameterGroup>& groups, const std::shared_ptr<const Dataset>& data,
                  const MetaMemory& memory) {
  const auto others = plan.ranks == 1 ? one_rank() : planned_ranks(plan.rank, plan.ranks);
  SharedOptimizer optimizer(*others, groups, config.optim, config.distributed.shard_optimizer);
  LossScale scale(config.train.precision == Precision::float16);
  scale.to(at::kMeta);
  Team alone;
  Pretraining task(alone, model, {}, data, nullptr, on_meta(config));
  const bool halves = config.distributed.compress == Compress::bfloat16;
  TrainingStep step(task, optimizer, scale, *others,
                    {.micro_batch = plan.micro_batch,
                     .clip_grad = config.optim.clip_grad,
                     .compression = halves ? Compression::bfloat16 : Compression::none});
  plan.bucket_bytes = step.bucket_bytes();
  const StepBatch batch = stand_in_batch(config.model, plan.rows);
  model.train(true);
  step(batch, /*learning_rate=*/0, {}, [] {});
  memory.restart_peak();
  step(batch, /*learning_rate=*/0, {}, [] {});
  plan.activations = memory.peak() - plan.weights - plan.gradients - plan.state;
}

}  // namespace

Plan make_plan(const PretrainConfig& config, const std::shared_ptr<const Dataset>& data, std::int64_t ranks) {
  Plan plan{.ranks = ranks, .rows = config.train.batch_size / ranks};
  plan.micro_batch = std::min(plan.rows, config.train.micro_batch.value_or(plan.rows));
  plan.micro_batches = (plan.rows + plan.micro_batch - 1) / plan.micro_batch;

  const MetaMemory memory;
  MaskedAutoencoder model(config.model, config.mae);
  settle_on_meta(model, config);
  plan.weights = memory.live();
  for (const NamedTensor& named : model.trained_tensors())
    plan.gradients += static_cast<std::int64_t>(named.tensor->nbytes());
  const auto groups = parameter_groups(model, config.optim, Stage::pretraining, config.model.depth);
  plan.whole_state = state_bytes(groups, 0, 1);
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const std::int64_t share = state_bytes(groups, rank, ranks);
    if (share <= plan.shared_state) continue;
    plan.shared_state = share;
    plan.rank = rank;
  }
  plan.state = config.distributed.shard_optimizer ? plan.shared_state : plan.whole_state;
  measure_step(plan, config, model, groups, data, memory);
  return plan;
}

}  // namespace luvit
