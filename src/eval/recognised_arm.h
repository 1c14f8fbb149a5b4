#pragma once
#include "luvit/eval/evaluated_run.h"
#include "paper_figures.h"

namespace luvit {

// Which of the paper's models a run evaluated, by what its provenance says of the weights: the fusion, LoRA, where the
// block is from, and whether pretraining came before.
struct RecognisedArm {
  std::optional<Arm> arm;  // nullopt: none of the paper's, or not known
  std::string why;         // then: what is missing
  std::string size;        // where it is not the paper's ViT-B/16: "dim 64, depth 2, image 32"
};
RecognisedArm recognise_arm(const EvaluatedRun& run);

// All that provenance says of how the weights came to be, but for the seed: the model with its block's source, the
// task, distillation. Runs that are no two seeds of one training differ in it.
std::string trained_as(const EvaluatedRun& run);

}  // namespace luvit
