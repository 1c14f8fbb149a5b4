#pragma once
#include <functional>
#include <memory>

#include "luvit/data/loader.h"
#include "luvit/distributed/team.h"
#include "luvit/train/resume.h"
#include "luvit/train/run_config.h"
#include "luvit/train/task.h"

namespace luvit {

// What a task is made from, besides its driver's config.
struct TaskParts {
  Team& team;
  at::Device device = at::kCPU;
  std::shared_ptr<const Dataset> train, val;  // val may be none
  std::int64_t rows = 1;                      // of a rank, in a step
  std::int64_t evaluation_batch = 1;
  std::int64_t workers = 1;
  std::function<void(const BadFile&)> on_bad = {};
};

// For one image.
struct TrainingCosts {
  double forward_flops = 0, step_flops = 0, activation_bytes = 0;
  double teacher_bytes = 0;  // its weights
};

// What a program trains: all of a run that is not the same for every program. Config, then weights and data settle
// what it left open; a task is made from the result.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual RunConfig& config() = 0;
  const RunConfig& config() const { return const_cast<Driver*>(this)->config(); }
  virtual void declare(Schema& schema) = 0;
  virtual double default_epochs() const = 0;  // where neither train.epochs nor train.steps is written

  // The rules between keys, before any file is opened; and those that a number of ranks (which divides the batch) adds.
  virtual std::vector<Problem> problems() const = 0;
  virtual std::vector<Problem> problems_of_ranks(std::int64_t) const { return {}; }
  // Keys nobody wrote come from the weights; DataError where a written one contradicts them.
  virtual void settle_with_weights(const Written& written, bool only_what_exists) = 0;

  virtual bool labels_wanted() const { return false; }
  // The same for what the data decide. val may be nullptr.
  virtual void settle_with_data(const Dataset& /*train*/, const Dataset* /*val*/, const Written&) {}

  virtual TrainingCosts costs(std::int64_t images) const = 0;
  // With its model, whose tensors are on meta until they are given values.
  virtual std::unique_ptr<Task> make_task(const TaskParts& parts) const = 0;
  // The first weights; from a checkpoint only the frozen block is needed, the rest is restored.
  virtual FrozenReference give_weights(Module& model, const ResumePoint* point) const = 0;
};

// The loader's options that all tasks share.
LoaderOptions loader_options(const RunConfig& config, const TaskParts& parts);
// `luvit.preprocess` of what is trained: images as training sees them.
Preprocess training_preprocess(const RunConfig& config);

}  // namespace luvit
