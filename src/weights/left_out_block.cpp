#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/models/initial_values.h"
#include "luvit/weights/block_source.h"
#include "opened_weights.h"

namespace luvit {

namespace {

// The frozen block alone, under the names it has in a model.
struct FrozenBlock : Module {
  explicit FrozenBlock(FusionOptions options) : block(without_lora(options)) { add("fusion.block", block); }
  static const FusionOptions& without_lora(FusionOptions& options) {
    options.lora.rank = 0;
    return options;
  }
  LlamaBlock block;
};

void regenerate(Module& model, const ModelOptions& options, std::uint64_t seed, at::ScalarType type,
                const fs::path& checkpoint) {
  FrozenBlock block(options.fusion);
  initialise(block, options, {.seed = seed, .frozen_type = type});
  std::map<std::string, at::Tensor> values;
  for (const auto& [name, tensor, role] : block.named_tensors()) values[name] = *tensor;
  for (const auto& [name, tensor, role] : model.named_tensors()) {
    if (role != Role::frozen) continue;
    const auto value = values.find(name);
    if (value == values.end())
      throw DataError(str(checkpoint.string(), ": ", name, " is missing, and a random block has none"),
                      "the checkpoint's metadata contradicts its state.json");
    *tensor = value->second;
  }
}

}  // namespace

void require_block_source(const FrozenReference& frozen, const fs::path& checkpoint) {
  if (path_exists(frozen.source)) return;
  throw DataError(str(escape(checkpoint.string()), ": its frozen block is in ", escape(frozen.source),
                      ", as model.fusion.weights named it, and that is not there"),
                  "bring it back there (a relative path begins where the program is started), or take the run's "
                  "model.safetensors, which has its block in it");
}

void load_left_out_block(Module& model, const ModelOptions& options, const FrozenReference& frozen,
                         const fs::path& checkpoint, std::optional<at::ScalarType> type) {
  if (!type) type = frozen.type;
  if (frozen.kind == FrozenReference::Kind::random)
    return regenerate(model, options, frozen.seed, type.value_or(at::kFloat), checkpoint);
  require_block_source(frozen, checkpoint);
  const bool with_final_norm = options.fusion.final_norm == FinalNorm::pretrained;
  const BlockSource block = read_block(frozen.source, frozen.layer, with_final_norm);
  if (block.sha256 != frozen.sha256)
    throw DataError(str(frozen.source, ": not the block that ", checkpoint.string(),
                        " was trained with: its SHA-256 is ", block.sha256, ", ", frozen.sha256, " expected"),
                    "bring back the file that the run was started with");
  load_block(model, block, type.value_or(block.tensors.front().second.scalar_type()));
}

}  // namespace luvit
