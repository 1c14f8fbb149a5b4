#pragma once
#include <memory>
#include <optional>
#include <string>

#include "luvit/data/image.h"
#include "luvit/io/safetensors.h"
#include "luvit/models/module.h"
#include "luvit/optim/parameter_groups.h"
#include "luvit/weights/frozen_reference.h"
#include "luvit/weights/model_file.h"

namespace luvit {

struct ResumePoint;

// One step's data of this rank, on the host. The tensors are a loader's buffers: they stay whole until the
// second batch after this one is asked for.
struct StepBatch {
  NamedTensors tensors;  // as --dump-batches writes them: images, noise, …, index
  std::int64_t rows = 0;
  std::int64_t step = 0;  // from 1

  bool has(std::string_view name) const;
  const at::Tensor& operator[](std::string_view name) const;  // logic_error where there is none
};

// [rows, shape…], all rows the same memory.
at::Tensor repeated_zeros(std::int64_t rows, std::vector<std::int64_t> shape);

struct Evaluation {
  std::string suite;
  std::vector<std::pair<std::string, double>> figures;  // in the order they are written
  std::int64_t n = 0;
};

// While it lives, a model holds other values than those that are trained. Tensors change places: nothing is copied, and
// what an optimizer holds stays what it was. No step may come in between.
class OtherWeights {
 public:
  OtherWeights(std::vector<NamedTensor> tensors, std::vector<at::Tensor> values);
  ~OtherWeights();
  OtherWeights(const OtherWeights&) = delete;
  OtherWeights& operator=(const OtherWeights&) = delete;

 private:
  void swap();
  std::vector<NamedTensor> tensors_;
  std::vector<at::Tensor> values_;  // the model's own, meanwhile
};

// What the loop is generic over: pretraining, fine-tuning, later detection.
class Task {
 public:
  virtual ~Task() = default;
  virtual Module& model() = 0;
  // The model, and what is trained beside it and is no part of it, by names of its own ("distill.…"). Only the model is
  // saved as weights and exported; the rest is saved with the optimizer (beside.h).
  virtual Module& trained() { return model(); }
  // Gives values to what stands beside the model, and loads what guides it: a teacher, the block of a path. Which that
  // is, for checkpoints; DataError where a resume names another. On the device.
  virtual FrozenReference give_guidance(const ResumePoint* /*point*/) { return {}; }
  virtual Stage stage() const = 0;
  virtual std::int64_t steps_per_epoch() const = 0;
  virtual OpenedModel description() const = 0;  // what a file of its weights says about them

  // Begins to load the batches of steps first … last (counted from 1).
  virtual void start(std::int64_t first, std::int64_t last) = 0;
  virtual StepBatch next_batch() = 0;
  // Rows of one and the same image that was never decoded, for a plan.
  virtual StepBatch stand_in_batch(std::int64_t rows) const = 0;
  virtual double waited_seconds() const = 0;  // for data, since start

  // Mean loss over rows first … first+count of a batch, [] on the device; nothing is read back. Of a task with
  // loss_parts [1 + parts]: behind the loss what it is made of.
  virtual at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) = 0;
  // What the loss is a weighted sum of, for the log; {}: it is one thing.
  virtual std::vector<std::string> loss_parts() const { return {}; }
  // The optimizer has made its update.
  virtual void updated() {}

  // On data.val, by all ranks together; nullopt without one, and where a stop is asked for in the middle.
  virtual std::optional<Evaluation> evaluate() = 0;
  // Which of its figures tells the best checkpoint, the larger the better; "": none does.
  virtual std::string score() const { return {}; }
  // An example for TensorBoard.
  virtual std::optional<Image> picture() { return std::nullopt; }

  // Puts into the model what is evaluated, saved as its weights and exported; nullptr where that is what is trained.
  virtual std::unique_ptr<OtherWeights> evaluated_weights() { return nullptr; }
  // What a resume needs besides the weights as saved and the optimizer's state.
  virtual NamedTensors state() { return {}; }
  // The weights are in place. At a resume they are those that were saved, and what state() gave is among `saved`: the
  // task takes it out.
  virtual void begin(NamedTensors& /*saved*/) {}
};

}  // namespace luvit
