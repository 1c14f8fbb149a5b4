#pragma once
#include <memory>

#include "luvit/data/evaluation_reader.h"
#include "luvit/data/loader.h"
#include "luvit/distributed/team.h"
#include "luvit/models/mae.h"
#include "luvit/train/pretrain_config.h"
#include "luvit/train/task.h"
#include "luvit/weights/model_file.h"

namespace luvit {

// Masked autoencoding (paper §3.1): images and noise in, mean squared error of the masked patches out.
class Pretraining : public Task {
 public:
  struct Options {
    LoaderOptions loader;
    Precision precision = Precision::float32;
    at::Device device = at::kCPU;
    std::int64_t evaluation_batch = 1;
    std::function<void(const BadFile&)> on_bad;
  };
  Pretraining(Team& team, MaskedAutoencoder& model, OpenedModel description, std::shared_ptr<const Dataset> train,
              std::shared_ptr<const Dataset> val, Options options);

  Module& model() override { return model_; }
  Stage stage() const override { return Stage::pretraining; }
  std::int64_t steps_per_epoch() const override;
  void start(std::int64_t first, std::int64_t last) override;
  StepBatch next_batch() override;
  double waited_seconds() const override { return loader_.waited_seconds(); }
  at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) override;
  std::optional<Evaluation> evaluate() override;
  std::optional<Image> picture() override;
  void save(const fs::path& path) override;

 private:
  bool evaluate_own(const at::Tensor& sum);  // false where a stop cut it short
  at::Tensor loss_of(const EvaluationReader::Batch& batch);

  Team& team_;
  MaskedAutoencoder& model_;
  OpenedModel description_;
  std::shared_ptr<const Dataset> train_, val_;
  Options options_;
  Loader loader_;
};

}  // namespace luvit
