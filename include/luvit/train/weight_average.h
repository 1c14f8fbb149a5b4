#pragma once
#include "luvit/train/task.h"

namespace luvit {

// A running average of a model's trained weights, on their device: after each update average ← decay·average +
// (1 − decay)·weights (timm's ModelEmaV2). It is what is evaluated and exported, and what a checkpoint's
// model.safetensors holds; the weights that training goes on from are then in optimizer.safetensors, as NAME.trained.
class WeightAverage {
 public:
  // Begins with the model's weights. At a resume these are the average that was saved; the trained ones are taken out
  // of `saved` into the model.
  WeightAverage(Module& model, double decay, NamedTensors& saved);

  void update();
  NamedTensors trained_state() const;
  std::unique_ptr<OtherWeights> in_model() const;

 private:
  double decay_;
  std::vector<NamedTensor> trained_;
  std::vector<at::Tensor> averages_;
};

// NAME.trained of each of the tensors: out of `saved` into it where it is there, and for saving.
void take_trained(const std::vector<NamedTensor>& tensors, NamedTensors& saved);
NamedTensors as_trained(const std::vector<NamedTensor>& tensors);

}  // namespace luvit
