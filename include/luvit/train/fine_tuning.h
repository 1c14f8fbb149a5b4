#pragma once
#include "luvit/models/classifier.h"
#include "luvit/train/driver.h"
#include "luvit/train/finetune_config.h"
#include "luvit/train/weight_average.h"

namespace luvit {

// Classification with all weights trained (paper §4; facebookresearch/mae engine_finetune.py): images and soft targets
// in, their mean cross entropy out. Branches are dropped by masks that are a function of (seed, epoch, sample). Who
// trains it by more than that (distillation) has an objective of its own.
class FineTuning : public Task {
 public:
  // `classes`: names in logit order.
  FineTuning(const FinetuneConfig& config, const TaskParts& parts, std::vector<std::string> classes);

  Module& model() override { return model_; }
  Stage stage() const override { return Stage::fine_tuning; }
  OpenedModel description() const override { return description_; }
  std::int64_t steps_per_epoch() const override;
  void start(std::int64_t first, std::int64_t last) override;
  StepBatch next_batch() override;
  StepBatch stand_in_batch(std::int64_t rows) const override;
  double waited_seconds() const override { return loader_ ? loader_->waited_seconds() : 0; }
  at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) override;
  void updated() override;
  std::optional<Evaluation> evaluate() override;
  std::string score() const override { return "top1"; }
  std::unique_ptr<OtherWeights> evaluated_weights() override;
  NamedTensors state() override;
  void begin(NamedTensors& saved) override;

 protected:
  // Mean loss of images [B,3,S,S] with drop path's masks [depth,2,B] (or undefined) and targets [B,classes].
  virtual at::Tensor objective(const at::Tensor& images, const at::Tensor& masks, const at::Tensor& targets,
                               std::int64_t step);
  Classifier& classifier() { return model_; }
  at::Device device() const { return with_.device; }

 private:
  TaskParts with_;
  Precision precision_;
  std::uint64_t seed_;
  std::int64_t batch_size_;
  std::optional<double> decay_;
  Classifier model_;
  OpenedModel description_;
  LoaderOptions loading_;
  std::optional<Loader> loader_;   // from start() on: its buffers are large
  std::vector<at::Tensor> masks_;  // a ring: a step's stay whole while the next one's are drawn
  std::optional<WeightAverage> average_;
};

}  // namespace luvit
