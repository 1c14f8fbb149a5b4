#pragma once
#include "luvit/data/evaluation_reader.h"
#include "luvit/models/mae.h"
#include "luvit/train/loaded_task.h"
#include "luvit/train/pretrain_config.h"

namespace luvit {

// Masked autoencoding (paper §3.1): images and noise in, mean squared error of the masked patches out. Who trains it by
// more than that (distillation) has an objective of its own.
class Pretraining : public LoadedTask {
 public:
  Pretraining(const PretrainConfig& config, const TaskParts& parts);

  Module& model() override { return model_; }
  Stage stage() const override { return Stage::pretraining; }
  OpenedModel description() const override { return description_; }
  StepBatch next_batch() override;
  StepBatch stand_in_batch(std::int64_t rows) const override;
  at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) override;
  std::optional<Evaluation> evaluate() override;
  std::optional<Image> picture() override;

 protected:
  // Mean loss, as loss() gives it, of images [B,3,S,S] with noise [B,L], both on the device.
  virtual at::Tensor objective(const at::Tensor& images, const at::Tensor& noise, std::int64_t step);
  MaskedAutoencoder& autoencoder() { return model_; }

 private:
  bool evaluate_own(const at::Tensor& sum);  // false where a stop cut it short
  at::Tensor loss_of(const EvaluationReader::Batch& batch);

  MaskedAutoencoder model_;
  OpenedModel description_;
};

}  // namespace luvit
