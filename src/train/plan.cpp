#include "luvit/train/plan.h"

#include <ATen/ATen.h>

#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "luvit/train/step.h"
#include "meta_memory.h"

namespace luvit {

namespace {

// Two moments of each value and a count of steps for each piece, as AdamW keeps them; LARS keeps one momentum.
std::int64_t state_bytes(const std::vector<ParameterGroup>& groups, OptimKind kind, std::int64_t part,
                         std::int64_t parts) {
  std::int64_t values = 0, steps = 0;
  for (const Piece& piece : pieces_of_part(groups, part, parts)) {
    values += kind == OptimKind::lars ? piece.count : 2 * piece.count;
    steps += kind == OptimKind::lars ? 0 : 1;
  }
  return static_cast<std::int64_t>(sizeof(float)) * (values + steps);
}

// Runs two steps; the second finds the gradients' buffers where the first one left them.
void measure_step(Plan& plan, const RunConfig& config, Task& task, const std::vector<ParameterGroup>& groups,
                  const MetaMemory& memory) {
  const auto others = plan.ranks == 1 ? one_rank() : planned_ranks(plan.rank, plan.ranks);
  const auto optimizer = make_optimizer(*others, groups, config.optim, config.distributed.shard_optimizer);
  LossScale scale(config.train.precision == Precision::float16);
  scale.to(at::kMeta);
  const bool halves = config.distributed.compress == Compress::bfloat16;
  TrainingStep step(task, *optimizer, scale, *others,
                    {.micro_batch = plan.micro_batch,
                     .clip_grad = config.optim.clip_grad,
                     .compression = halves ? Compression::bfloat16 : Compression::none});
  plan.bucket_bytes = step.bucket_bytes();
  const StepBatch batch = task.stand_in_batch(plan.rows);
  task.trained().train(true);
  step(batch, /*learning_rate=*/0, {}, [] {});
  memory.restart_peak();
  step(batch, /*learning_rate=*/0, {}, [] {});
  plan.activations = memory.peak() - plan.weights - plan.gradients - plan.state;
}

}  // namespace

Plan make_plan(const Driver& driver, const std::shared_ptr<const Dataset>& data, std::int64_t ranks) {
  const RunConfig& config = driver.config();
  Plan plan{.ranks = ranks, .rows = config.train.batch_size / ranks};
  plan.micro_batch = std::min(plan.rows, config.train.micro_batch.value_or(plan.rows));
  plan.micro_batches = (plan.rows + plan.micro_batch - 1) / plan.micro_batch;

  const MetaMemory memory;
  Team alone;
  const auto task =
      driver.make_task({.team = alone, .device = at::kMeta, .train = data, .val = nullptr, .rows = plan.rows});
  Module& model = task->trained();
  to_meta(model, frozen_type(config.model.fusion, compute_type(config.train.precision)));
  NamedTensors nothing_saved;
  task->begin(nothing_saved);
  plan.weights = memory.live();
  for (const NamedTensor& named : model.trained_tensors())
    plan.gradients += static_cast<std::int64_t>(named.tensor->nbytes());
  const auto groups = parameter_groups(model, config.optim, task->stage(), config.model.depth);
  plan.whole_state = state_bytes(groups, config.optim.kind, 0, 1);
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const std::int64_t share = state_bytes(groups, config.optim.kind, rank, ranks);
    if (share <= plan.shared_state) continue;
    plan.shared_state = share;
    plan.rank = rank;
  }
  plan.state = config.distributed.shard_optimizer ? plan.shared_state : plan.whole_state;
  measure_step(plan, config, *task, groups, memory);
  return plan;
}

}  // namespace luvit
