#pragma once
#include "luvit/models/module.h"
#include "luvit/models/options.h"

namespace luvit {

struct ParameterCounts {
  std::int64_t total = 0, trained = 0, frozen = 0, lora = 0;  // fixed positions count in total only
};
ParameterCounts count_parameters(Module& model);

// Forward floating-point operations an image (multiply and add are two), matrix products only, in a pass over so many
// images: what is done once for all of them is shared out.
double pretraining_forward_flops(const ModelOptions& model, const MaskingOptions& masking, std::int64_t images);
double classifier_forward_flops(const ModelOptions& model, std::int64_t images);
// Of the encoder alone, fusion included, over so many patches and the class token.
double encoder_forward_flops(const ModelOptions& model, std::int64_t patches, std::int64_t images);
// A training step's: 3 × the trained part's, 2 × the frozen block's (no weight gradient).
double pretraining_step_flops(const ModelOptions& model, const MaskingOptions& masking, std::int64_t images);
double classifier_step_flops(const ModelOptions& model, std::int64_t images);
// What fusing every token adds to a step: a path beside a plain classifier (distill.mode: aux_path).
double fusion_step_flops(const ModelOptions& model, std::int64_t images);

// Rough bytes of saved activations for one image in a training step.
double pretraining_activation_bytes(const ModelOptions& model, const MaskingOptions& masking, Precision precision);
double classifier_activation_bytes(const ModelOptions& model, Precision precision);

}  // namespace luvit
