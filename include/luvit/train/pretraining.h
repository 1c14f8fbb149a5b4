#pragma once
#include "luvit/data/evaluation_reader.h"
#include "luvit/models/mae.h"
#include "luvit/train/driver.h"
#include "luvit/train/pretrain_config.h"

namespace luvit {

// Masked autoencoding (paper §3.1): images and noise in, mean squared error of the masked patches out. Who trains it by
// more than that (distillation) has an objective of its own.
class Pretraining : public Task {
 public:
  Pretraining(const PretrainConfig& config, const TaskParts& parts);

  Module& model() override { return model_; }
  Stage stage() const override { return Stage::pretraining; }
  OpenedModel description() const override { return description_; }
  std::int64_t steps_per_epoch() const override;
  void start(std::int64_t first, std::int64_t last) override;
  StepBatch next_batch() override;
  StepBatch stand_in_batch(std::int64_t rows) const override;
  double waited_seconds() const override { return loader_ ? loader_->waited_seconds() : 0; }
  at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) override;
  std::optional<Evaluation> evaluate() override;
  std::optional<Image> picture() override;

 protected:
  // Mean loss of images [B,3,S,S] with noise [B,L], both on the device.
  virtual at::Tensor objective(const at::Tensor& images, const at::Tensor& noise, std::int64_t step);
  MaskedAutoencoder& autoencoder() { return model_; }
  at::Device device() const { return with_.device; }

 private:
  bool evaluate_own(const at::Tensor& sum);  // false where a stop cut it short
  at::Tensor loss_of(const EvaluationReader::Batch& batch);

  TaskParts with_;
  Precision precision_;
  std::uint64_t seed_;
  std::int64_t batch_size_;
  MaskedAutoencoder model_;
  OpenedModel description_;
  LoaderOptions loading_;
  std::optional<Loader> loader_;  // from start() on: its buffers are large
};

}  // namespace luvit
