#include "luvit/train/beside.h"

#include <set>

#include "luvit/core/error.h"
#include "luvit/train/weight_average.h"

namespace luvit {
namespace {

std::vector<NamedTensor> tensors_beside(Task& task) {
  std::set<const at::Tensor*> of_model;
  for (const NamedTensor& named : task.model().named_tensors()) of_model.insert(named.tensor);
  std::vector<NamedTensor> tensors = task.trained().named_tensors();
  std::erase_if(tensors,
                [&](const NamedTensor& one) { return one.role == Role::frozen || of_model.count(one.tensor) != 0; });
  return tensors;
}

}  // namespace

Beside::Beside(Module& model, Module* other) {
  add("", model);
  if (other) add("distill", *other);
}

NamedTensors state_beside(Task& task) {
  return as_trained(tensors_beside(task));
}

void begin_beside(Task& task, NamedTensors& saved) {
  const std::size_t before = saved.size();
  const std::vector<NamedTensor> tensors = tensors_beside(task);
  take_trained(tensors, saved);
  if (before > 0 && before - saved.size() != tensors.size())
    throw DataError("optimizer.safetensors: what was trained beside the model is not all there (distill.*)",
                    "the checkpoint is of a run that distilled in another way");
}

}  // namespace luvit
