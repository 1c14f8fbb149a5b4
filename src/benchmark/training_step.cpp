#include <ATen/ATen.h>

#include "luvit/models/classifier.h"
#include "luvit/models/drop_path.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/mae.h"
#include "luvit/models/precision.h"
#include "luvit/optim/adamw.h"
#include "luvit/optim/gradients.h"
#include "workload.h"

namespace luvit {
namespace {

template <typename Model>
void make_ready(Model& model, const BenchOptions& options, at::Device device) {
  initialise(model, options.model, {.frozen_type = frozen_type(options.model.fusion, compute_type(options.precision))});
  to_device(model, device);
  model.train(true);
}

// What train/step.cpp does for a task, on one micro-batch that never changes, part by part.
class TrainingWork : public TimedWork {
 public:
  TrainingWork(Module& model, const BenchOptions& options, Stage stage, at::Device device)
      : options_(options),
        optimizer_(parameter_groups(model, options.optim, stage, options.model.depth), options.optim),
        scale_(options.precision == Precision::float16) {
    for (const NamedTensor& named : model.trained_tensors()) parameters_.push_back(*named.tensor);
    scale_.to(device);
  }

  std::vector<Part> parts() override {
    return {{"forward", [this] { forward(); }},
            {"backward", [this] { backward(); }},
            {"clip", [this] { clip(); }},
            {"optimizer", [this] { update(); }}};
  }

 protected:
  virtual at::Tensor loss() = 0;

 private:
  void forward() {
    optimizer_.release_grad();
    const ComputeType compute(compute_type(options_.precision));
    loss_ = loss();
  }

  void backward() { scale_.scale(loss_).backward(); }

  void clip() {
    overflow_ = scale_.unscale(parameters_);
    const at::Tensor norm = gradient_norm(parameters_);
    bad_ = any_non_finite({loss_, norm});
    if (options_.optim.clip_grad) clip_gradients(parameters_, *options_.optim.clip_grad, norm);
  }

  void update() {
    optimizer_.step(options_.optim.peak_lr(options_.batch), /*grad_scale=*/{}, bad_);
    scale_.update(overflow_);
    loss_.reset();
  }

  const BenchOptions& options_;
  AdamW optimizer_;
  LossScale scale_;
  std::vector<at::Tensor> parameters_;
  at::Tensor loss_, overflow_, bad_;
};

// Models are a base of their work, so that their tensors are in place when the optimizer takes them.
struct PretrainingModel {
  PretrainingModel(const BenchOptions& options, at::Device device) : model(options.model, options.masking) {
    make_ready(model, options, device);
  }
  MaskedAutoencoder model;
};

class PretrainingWork : PretrainingModel, public TrainingWork {
 public:
  PretrainingWork(const BenchOptions& options, at::Device device)
      : PretrainingModel(options, device),
        TrainingWork(model, options, Stage::pretraining, device),
        images_(synthetic_normal({options.batch, 3, options.model.image_size, options.model.image_size}, 0, device)),
        noise_(synthetic_uniform({options.batch, options.model.patches()}, 1, device)) {}

 private:
  at::Tensor loss() override { return model.loss(images_, noise_); }
  at::Tensor images_, noise_;
};

struct FineTuningModel {
  FineTuningModel(const BenchOptions& options, at::Device device) : model(options.model) {
    make_ready(model, options, device);
  }
  Classifier model;
};

class FineTuningWork : FineTuningModel, public TrainingWork {
 public:
  FineTuningWork(const BenchOptions& options, at::Device device)
      : FineTuningModel(options, device),
        TrainingWork(model, options, Stage::fine_tuning, device),
        images_(synthetic_normal({options.batch, 3, options.model.image_size, options.model.image_size}, 0, device)),
        targets_(at::softmax(synthetic_normal({options.batch, options.model.classes}, 1, device), 1)) {
    if (options.model.drop_path <= 0) return;
    at::Tensor masks = at::empty({options.model.depth, 2, options.batch}, at::kFloat);
    draw_drop_path(masks, options.model.drop_path, /*seed=*/0, /*epoch=*/0, at::arange(options.batch));
    drop_path_ = masks.to(device);
  }

 private:
  at::Tensor loss() override { return soft_cross_entropy(model(images_, drop_path_), targets_); }
  at::Tensor images_, targets_, drop_path_;
};

class EvaluationWork : public TimedWork {
 public:
  EvaluationWork(const BenchOptions& options, at::Device device)
      : options_(options),
        model_(options.model),
        images_(synthetic_normal({options.batch, 3, options.model.image_size, options.model.image_size}, 0, device)) {
    make_ready(model_, options, device);
    model_.train(false);
  }
  std::vector<Part> parts() override {
    return {{"forward", [this] {
               const at::NoGradGuard no_grad;
               const ComputeType compute(compute_type(options_.precision));
               model_(images_);
             }}};
  }

 private:
  const BenchOptions& options_;
  Classifier model_;
  at::Tensor images_;
};

}  // namespace

std::unique_ptr<TimedWork> make_training_step(const BenchOptions& options, at::Device device) {
  if (options.task == BenchTask::finetune) return std::make_unique<FineTuningWork>(options, device);
  return std::make_unique<PretrainingWork>(options, device);
}

std::unique_ptr<TimedWork> make_evaluation(const BenchOptions& options, at::Device device) {
  return std::make_unique<EvaluationWork>(options, device);
}

}  // namespace luvit
