#include "luvit/train/run_weights.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "luvit/weights/block_source.h"

namespace luvit {

namespace {

void check_frozen(const FrozenReference& now, const ResumePoint& point) {
  const FrozenReference& then = point.state.frozen;
  if (then.kind == now.kind && (then.kind != FrozenReference::Kind::file || then.sha256 == now.sha256)) return;
  throw DataError(str("model.fusion.weights: ", now.source.empty() ? "the block" : now.source, " is not the block of ",
                      point.folder.string(), " (SHA-256 ", then.sha256, " there, ", now.sha256, " here)"),
                  "bring back the block that the run was started with");
}

FrozenReference give_block(MaskedAutoencoder& model, const FusionOptions& fusion, at::ScalarType type) {
  const BlockSource block = read_block(fusion.weights, fusion.layer, fusion.final_norm == FinalNorm::pretrained);
  load_block(model, block, type);
  return {.kind = FrozenReference::Kind::file,
          .source = fusion.weights,
          .layer = block.info.layer,
          .sha256 = block.sha256,
          .type = type};
}

}  // namespace

FrozenReference give_weights(MaskedAutoencoder& model, const PretrainConfig& config, const ResumePoint* point) {
  const FusionOptions& fusion = config.model.fusion;
  const bool llama = fusion.kind == FusionKind::llama;
  const bool random = llama && fusion.weights == "random";
  const at::ScalarType type = frozen_type(fusion, config.train.precision);
  const std::uint64_t seed = random && point ? point->state.frozen.seed : config.train.seed;
  initialise(model, config.model, {.seed = seed, .frozen_type = type, .skip_frozen = llama && !random});
  FrozenReference reference;
  if (random) reference = {.kind = FrozenReference::Kind::random, .seed = seed, .type = type};
  if (llama && !random) reference = give_block(model, fusion, type);
  if (llama && fusion.lora.weights && !point) load_adapter(model, fusion, *fusion.lora.weights);
  if (point) check_frozen(reference, *point);
  return reference;
}

}  // namespace luvit
