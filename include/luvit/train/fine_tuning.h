#pragma once
#include "luvit/models/classifier.h"
#include "luvit/train/finetune_config.h"
#include "luvit/train/loaded_task.h"
#include "luvit/train/weight_average.h"

namespace luvit {

// Classification with all weights trained (paper §4; facebookresearch/mae engine_finetune.py): images and soft targets
// in, their mean cross entropy out. Branches are dropped by masks that are a function of (seed, epoch, sample). Who
// trains it by more than that (distillation) has an objective of its own.
class FineTuning : public LoadedTask {
 public:
  // `classes`: names in logit order.
  FineTuning(const FinetuneConfig& config, const TaskParts& parts, std::vector<std::string> classes);

  Module& model() override { return model_; }
  Stage stage() const override { return Stage::fine_tuning; }
  OpenedModel description() const override { return description_; }
  StepBatch next_batch() override;
  StepBatch stand_in_batch(std::int64_t rows) const override;
  at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) override;
  void updated() override;
  std::optional<Evaluation> evaluate() override;
  std::string score() const override { return "top1"; }
  std::unique_ptr<OtherWeights> evaluated_weights() override;
  NamedTensors state() override;
  void begin(NamedTensors& saved) override;

 protected:
  // Mean loss, as loss() gives it, of images [B,3,S,S] with drop path's masks [depth,2,B] (or undefined) and targets
  // [B,classes].
  virtual at::Tensor objective(const at::Tensor& images, const at::Tensor& masks, const at::Tensor& targets,
                               std::int64_t step);
  Classifier& classifier() { return model_; }

 private:
  std::optional<double> decay_;
  Classifier model_;
  OpenedModel description_;
  std::vector<at::Tensor> masks_;  // a ring: a step's stay whole while the next one's are drawn
  std::optional<WeightAverage> average_;
};

}  // namespace luvit
