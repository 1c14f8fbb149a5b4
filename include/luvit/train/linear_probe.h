#pragma once
#include "luvit/models/classifier.h"
#include "luvit/train/finetune_config.h"
#include "luvit/train/loaded_task.h"

namespace luvit {

// A linear classifier on frozen features, as MAE's main_linprobe.py has it: the pooled features, normalised by their
// mean and variance over the batch without scale or shift (BatchNorm1d, affine=False, eps 1e-6, momentum 0.1), then the
// head, which alone is trained. The batch is the global one, whatever the ranks and micro-batches: the statistics are
// those of one process, and as nothing before them trains, no gradient passes through them.
//
// Evaluated, saved and exported is a plain classifier: with the running statistics folded into its head
// (W ← W/σ, b ← b − W·μ/σ), which gives the same logits. What training goes on from is in optimizer.safetensors:
// head.{weight,bias}.trained and head.running_{mean,var}.
class LinearProbe : public LoadedTask {
 public:
  LinearProbe(const FinetuneConfig& config, const TaskParts& parts, std::vector<std::string> classes);

  Module& model() override { return model_; }
  Stage stage() const override { return Stage::fine_tuning; }
  OpenedModel description() const override { return description_; }
  StepBatch next_batch() override;
  StepBatch stand_in_batch(std::int64_t rows) const override;
  at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) override;
  std::optional<Evaluation> evaluate() override;
  std::string score() const override { return "top1"; }
  std::unique_ptr<OtherWeights> evaluated_weights() override;
  NamedTensors state() override;
  void begin(NamedTensors& saved) override;

 private:
  at::Tensor features_of(const at::Tensor& images);
  void prepare(const StepBatch& batch, std::int64_t at_once);  // the head's inputs for all its rows
  at::Tensor normalise(const at::Tensor& features, bool count_in);

  Classifier model_;
  OpenedModel description_;
  std::vector<NamedTensor> head_;          // its weight and bias: what is trained
  at::Tensor running_mean_, running_var_;  // [D]
  at::Tensor inputs_;                      // of the head, [rows,D]
  std::int64_t counted_step_ = 0;          // the last one whose batch the running statistics hold
};

}  // namespace luvit
