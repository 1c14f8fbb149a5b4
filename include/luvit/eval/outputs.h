#pragma once
#include <set>
#include <string>

#include "luvit/weights/model_file.h"

namespace luvit {

// What a model can be asked to show (CONTRACTS, luvit_infer).
enum class Output {
  logits,     // [B,classes]
  features,   // [B,1+L,D], after the fusion, before any final norm and pooling
  encoder,    // [B,1+L,D], after the last ViT block, before the fusion
  attention,  // [B,H,1+L,1+L], last ViT block, after softmax
  entropy,    // [B,1+L], nats, mean over heads
  mae,        // loss [], pred [B,L,P²·3], mask [B,L] (1 masked)
};
using Outputs = std::set<Output>;

std::string output_name(Output output);

// "logits,entropy". UsageError with the allowed names and the nearest.
Outputs parse_outputs(const std::string& list);

// UsageError where the model has no head, or no decoder, for what is asked.
void check_outputs(const Outputs& outputs, ModelKind kind, const std::string& path);

}  // namespace luvit
