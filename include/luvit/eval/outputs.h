#pragma once
#include <set>
#include <string>

#include "luvit/weights/model_file.h"

namespace luvit {

// What a model can be asked to show, by the names of CONTRACTS' `luvit_infer --emit`:
//   logits     [B,classes]
//   features   [B,1+L,D], after the fusion, before any final norm and pooling
//   encoder    [B,1+L,D], after the last ViT block, before the fusion
//   attention  [B,H,1+L,1+L], last ViT block, after softmax
//   entropy    [B,1+L], of that, nats, mean over heads
//   mae        loss [], pred [B,L,P²·3], mask [B,L] (1 masked)
// and every tap of a pass (models/taps.h): block.K, attention.K, l1, llm_attn, llm_ffn, llm, l2, attention.llm.
using Outputs = std::set<std::string>;

// "logits,entropy". UsageError with the allowed names and the nearest.
Outputs parse_outputs(const std::string& list);

// UsageError where the model has no head, decoder, block K or language block for what is asked.
void check_outputs(const Outputs& outputs, const OpenedModel& model, const std::string& path);

}  // namespace luvit
