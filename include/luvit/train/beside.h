#pragma once
#include "luvit/train/task.h"

namespace luvit {

// What a task trains beside its model (Task::trained): in optimizer.safetensors, as NAME.trained, so that a resume is
// exact, and in no weights.

// A model and another module, whose tensors come under "distill.". nullptr: the model alone.
struct Beside : Module {
  Beside(Module& model, Module* other);
};

// For saving; out of `saved` into the tensors: DataError where some are missing there. Frozen ones are their own
// files'.
NamedTensors state_beside(Task& task);
void begin_beside(Task& task, NamedTensors& saved);

}  // namespace luvit
