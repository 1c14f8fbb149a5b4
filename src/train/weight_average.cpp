#include "luvit/train/weight_average.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

constexpr const char* suffix = ".trained";

}  // namespace

WeightAverage::WeightAverage(Module& model, double decay, NamedTensors& saved)
    : decay_(decay), trained_(model.trained_tensors()) {
  for (const NamedTensor& named : trained_) averages_.push_back(named.tensor->detach().clone());
  take_trained(trained_, saved);
}

void WeightAverage::update() {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> weights;
  for (const NamedTensor& named : trained_) weights.push_back(*named.tensor);
  at::_foreach_lerp_(averages_, weights, 1 - decay_);
}

NamedTensors WeightAverage::trained_state() const {
  return as_trained(trained_);
}

std::unique_ptr<OtherWeights> WeightAverage::in_model() const {
  return std::make_unique<OtherWeights>(trained_, averages_);
}

void take_trained(const std::vector<NamedTensor>& tensors, NamedTensors& saved) {
  const at::NoGradGuard no_gradients;
  for (const auto& [name, tensor, role] : tensors) {
    const std::string wanted = name + suffix;
    const auto found = std::find_if(saved.begin(), saved.end(), [&](const auto& one) { return one.first == wanted; });
    if (found == saved.end()) continue;
    if (found->second.sizes() != tensor->sizes())
      throw DataError(
          luvit::str("optimizer.safetensors: ", wanted, " is ", found->second.sizes(), ", expected ", tensor->sizes()),
          "the checkpoint is of another model");
    tensor->copy_(found->second);
    saved.erase(found);
  }
}

NamedTensors as_trained(const std::vector<NamedTensor>& tensors) {
  NamedTensors state;
  for (const auto& [name, tensor, role] : tensors) state.emplace_back(name + suffix, tensor->detach());
  return state;
}

}  // namespace luvit
