#pragma once
#include <optional>
#include <string>
#include <vector>

#include "image_pass.h"
#include "luvit/eval/inference_model.h"
#include "luvit/io/safetensors.h"
#include "suite_plan.h"

namespace luvit {

// What an imagenet_s suite keeps of its images, in their order: a few numbers of each patch, from one pass. All its
// figures are functions of this.
struct TokenMaps {
  // Channels in the order of `values`: what analysis.h computes of the last ViT block.
  enum Channel { entropy, entropy_of_patches, norm, magnitude, frequency, fixed_channels };
  // Then, for each of the suite's `attention_of`, the two entropies of that block.
  std::vector<std::string> attention_of;
  at::Tensor values;  // float32 [n,channels,L]
  at::Tensor cells;   // uint8 [n,L], Cell

  std::int64_t images() const { return values.size(0); }
  std::int64_t grid() const;
};

// One pass over the suite's images, each rank over its share, to which only the attention that is asked for is added:
// no fusion runs unless the language block's own attention is wanted. Masks are read meanwhile. nullopt, on all ranks,
// where a stop cut any of them short. DataError for a mask that does not fit, RunError where a map is not finite.
// Told of each call how many images it was of.
using PassProgress = std::function<void(std::int64_t images)>;
std::optional<TokenMaps> map_tokens(Team& team, const SuitePlan& plan, const InferenceModel& model,
                                    const ImagePassOptions& pass, const PassProgress& progress = {});

NamedTensors to_tensors(const TokenMaps& maps);
// nullopt where they are not of this plan.
std::optional<TokenMaps> token_maps_from(const NamedTensors& tensors, const SuitePlan& plan, std::int64_t patches);

}  // namespace luvit
