#include "luvit/train/run_weights.h"

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "luvit/weights/block_source.h"
#include "luvit/weights/transfer.h"

namespace luvit {

namespace {

void check_frozen(const FrozenReference& now, const ResumePoint& point) {
  const FrozenReference& then = point.state.frozen;
  if (then.kind == now.kind && (then.kind != FrozenReference::Kind::file || then.sha256 == now.sha256)) return;
  throw DataError(str("model.fusion.weights: ", now.source.empty() ? "the block" : now.source, " is not the block of ",
                      point.folder.string(), " (SHA-256 ", then.sha256, " there, ", now.sha256, " here)"),
                  "bring back the block that the run was started with");
}

// Where the block is from; `none` where the fusion has none.
FrozenReference origin_of_block(const RunConfig& config, const std::string& from, const ResumePoint* point) {
  using Kind = FrozenReference::Kind;
  const FusionOptions& fusion = config.model.fusion;
  if (fusion.kind != FusionKind::llama) return {};
  if (!from.empty())
    if (const auto block = block_of(from)) return *block;
  if (fusion.weights.empty())
    throw DataError(str("model.fusion.weights: not written, and ", escape(from), " has no block"),
                    "name a block file, a Meta or Hugging Face folder, or random");
  if (fusion.weights != "random") return {.kind = Kind::file, .source = fusion.weights, .layer = fusion.layer};
  return {.kind = Kind::random, .seed = point ? point->state.frozen.seed : config.train.seed};
}

// All of the model's values that are not transferred: the random block's too.
void initialise_from(Module& model, const RunConfig& config, const FrozenReference& block, at::ScalarType type) {
  const bool random = block.kind == FrozenReference::Kind::random;
  initialise(model, config.model, {.seed = config.train.seed, .frozen_type = type, .skip_frozen = true});
  if (random) initialise_frozen(model, config.model, {.seed = block.seed, .frozen_type = type});
}

void read_block_into(Module& model, const FusionOptions& fusion, at::ScalarType type, FrozenReference& reference) {
  const BlockSource block = read_block(reference.source, reference.layer, fusion.final_norm == FinalNorm::pretrained);
  if (!reference.sha256.empty() && reference.sha256 != block.sha256)
    throw DataError(str(escape(reference.source), ": not the block that init.weights was trained with: its SHA-256 is ",
                        block.sha256, ", ", reference.sha256, " expected"),
                    "bring back the file that that run was started with");
  load_block(model, block, type);
  reference.layer = block.info.layer;
  reference.sha256 = block.sha256;
}

}  // namespace

FrozenReference give_weights(Module& model, const RunConfig& config, const std::string& from,
                             const ResumePoint* point) {
  const FusionOptions& fusion = config.model.fusion;
  const at::ScalarType type = frozen_type(fusion, compute_type(config.train.precision));
  FrozenReference block = origin_of_block(config, from, point);
  initialise_from(model, config, block, type);
  if (!from.empty() && !point) log_info(transfer_text(transfer_weights(model, from), from));
  if (block.kind == FrozenReference::Kind::file) read_block_into(model, fusion, type, block);
  if (block.kind != FrozenReference::Kind::none) block.type = type;
  if (fusion.kind == FusionKind::llama && fusion.lora.weights && !point)
    load_adapter(model, fusion, *fusion.lora.weights);
  if (point) check_frozen(block, *point);
  return block;
}

}  // namespace luvit
