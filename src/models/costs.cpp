#include "luvit/models/costs.h"

#include "luvit/models/llama_block.h"

namespace luvit {
namespace {

// Multiply-adds of a pass, by what their backward pass needs.
struct Work {
  double trained = 0;  // weights train: backward makes both gradients, 2 × forward
  double frozen = 0;   // weights do not: the input's gradient only, 1 × forward
  double first = 0;    // the input is the image: the weight's gradient only, 1 × forward

  double forward() const { return 2 * (trained + frozen + first); }
  double step() const { return 2 * (3 * trained + 2 * frozen + 2 * first); }
};

// What one image is counted in.
struct Pass {
  std::int64_t images = 1;
  bool training = false;
  std::optional<Pool> pool;  // a classifier wants only this of the result
};

double product(std::int64_t a, std::int64_t b) {
  return static_cast<double>(a) * static_cast<double>(b);
}

// q·kᵀ and the matrix times v; backward has two products for each, as for trained weights.
double attention_work(std::int64_t tokens, std::int64_t width) {
  return 2 * product(tokens, tokens) * static_cast<double>(width);
}

void add_blocks(Work& work, std::int64_t depth, std::int64_t tokens, std::int64_t dim, double mlp_ratio) {
  const double weights = product(dim, dim) * (4 + 2 * mlp_ratio);
  work.trained += static_cast<double>(depth) * (static_cast<double>(tokens) * weights + attention_work(tokens, dim));
}

struct ProjectionSizes {
  const char* target;
  std::int64_t in, out;
};

std::vector<ProjectionSizes> llama_projections(const FusionOptions& fusion) {
  const auto head_dim = fusion.head_dim.value_or(fusion.dim / fusion.heads);
  const auto q = fusion.heads * head_dim, kv = fusion.kv_heads * head_dim;
  return {{"q", fusion.dim, q},
          {"k", fusion.dim, kv},
          {"v", fusion.dim, kv},
          {"o", q, fusion.dim},
          {"gate", fusion.dim, fusion.hidden},
          {"up", fusion.dim, fusion.hidden},
          {"down", fusion.hidden, fusion.dim}};
}

bool targeted(const LoraOptions& lora, const std::string& projection) {
  return lora.rank > 0 && std::find(lora.targets.begin(), lora.targets.end(), projection) != lora.targets.end();
}

// A norm after the block keeps its tokens apart.
bool pools_early(const FusionOptions& fusion, std::optional<Pool> pool) {
  return pool && fusion.kind == FusionKind::llama && (pool == Pool::cls || fusion.final_norm == FinalNorm::none);
}

// How many tokens go through a projection where a classifier pools them (LlamaFusion::pooled).
double tokens_through(const std::string& projection, std::int64_t tokens, const FusionOptions& fusion,
                      std::optional<Pool> pool) {
  const bool feeds = projection == "gate" || projection == "up";
  const bool one = projection == "down" || (feeds && pool == Pool::cls);
  return static_cast<double>(one && pools_early(fusion, pool) ? 1 : tokens);
}

// One image's share where `width` values of a token make q, k and v of `out` (FoldedInput): a matrix is made of the
// frozen one and L1's in each pass, and it trains as L1 does.
void add_folded(Work& work, std::int64_t tokens, std::int64_t images, std::int64_t width, const ProjectionSizes& sizes,
                std::int64_t lora_rank) {
  const double share = static_cast<double>(width) / static_cast<double>(images);
  work.trained += product(tokens, width) * static_cast<double>(sizes.out);
  work.frozen += share * product(sizes.in, sizes.out);
  work.trained += share * product(lora_rank, sizes.in + sizes.out);
}

bool folds(const std::string& projection) {
  return projection == "q" || projection == "k" || projection == "v";
}

// Dropout draws for the normed input, which folding does without.
bool draws(const LoraOptions& lora) {
  return lora.rank > 0 && lora.dropout > 0 && std::any_of(lora.targets.begin(), lora.targets.end(), folds);
}

void add_llama(Work& work, std::int64_t tokens, const Pass& pass, const ModelOptions& model) {
  const FusionOptions& fusion = model.fusion;
  const bool may_fold = fusion.fold && !(pass.training && draws(fusion.lora));
  const bool folded = may_fold && folding_pays(tokens * pass.images, model.dim, fusion.dim);
  for (const ProjectionSizes& sizes : llama_projections(fusion)) {
    const auto& [target, in, out] = sizes;
    if (folded && folds(target)) {
      add_folded(work, tokens, pass.images, model.dim, sizes, targeted(fusion.lora, target) ? fusion.lora.rank : 0);
      continue;
    }
    const double count = tokens_through(target, tokens, fusion, pass.pool);
    work.frozen += count * product(in, out);
    if (targeted(fusion.lora, target)) work.trained += count * product(fusion.lora.rank, in + out);
  }
  const auto head_dim = fusion.head_dim.value_or(fusion.dim / fusion.heads);
  work.trained += attention_work(tokens, fusion.heads * head_dim);
}

// `embedded` patches become `tokens` with the class token.
Work encoder_work(const ModelOptions& model, std::int64_t embedded, const Pass& pass) {
  const std::int64_t tokens = embedded + 1;
  Work work;
  work.first = static_cast<double>(embedded) * product(model.patch_values(), model.dim);
  add_blocks(work, model.depth, tokens, model.dim, model.mlp_ratio);
  const FusionOptions& fusion = model.fusion;
  if (fusion.kind == FusionKind::none) return work;
  const auto inner = fusion.kind == FusionKind::llama ? fusion.dim : fusion.hidden;
  const std::int64_t leaving = pools_early(fusion, pass.pool) ? 1 : tokens;
  work.trained += static_cast<double>(tokens + leaving) * product(model.dim, inner);
  if (fusion.kind == FusionKind::llama) add_llama(work, tokens, pass, model);
  return work;
}

Work pretraining_work(const ModelOptions& model, const MaskingOptions& masking, const Pass& pass) {
  const std::int64_t kept = kept_patches(model.patches(), masking.mask_ratio), tokens = model.patches() + 1;
  const DecoderOptions& decoder = model.decoder;
  Work work = encoder_work(model, kept, pass);
  work.trained += static_cast<double>(kept + 1) * product(model.dim, decoder.dim);
  add_blocks(work, decoder.depth, tokens, decoder.dim, model.mlp_ratio);
  work.trained += static_cast<double>(tokens) * product(decoder.dim, model.patch_values());
  return work;
}

Work classifier_work(const ModelOptions& model, const Pass& pass) {
  Work work = encoder_work(model, model.patches(), pass);
  work.trained += product(model.dim, model.classes);
  return work;
}

// Saved for the backward pass by one token in one ViT block: norm inputs in float32; inputs of qkv and proj, the
// three heads, fc1's input, its result and GELU's in the compute type.
double block_bytes(std::int64_t dim, double mlp_ratio, double width) {
  return static_cast<double>(dim) * (2 * 4 + width * (6 + 2 * mlp_ratio));
}

// The same in the language model's block: both norms' inputs, LoRA's input, q, k, v and the heads' result, gate,
// silu(gate) and up. Frozen projections keep nothing. And the inputs of L1 and L2. (Folded, a little less.)
double llama_bytes(std::int64_t dim, const FusionOptions& fusion, double width) {
  const auto head_dim = fusion.head_dim.value_or(fusion.dim / fusion.heads);
  const auto heads = 2 * (fusion.heads + fusion.kv_heads) * head_dim;
  const auto own = 2 * fusion.dim + (fusion.lora.rank > 0 ? fusion.dim : 0) + heads + 3 * fusion.hidden;
  return width * static_cast<double>(own + dim + fusion.dim);
}

double fusion_bytes(const ModelOptions& model, double tokens, double width) {
  const FusionOptions& fusion = model.fusion;
  if (fusion.kind == FusionKind::llama) return tokens * llama_bytes(model.dim, fusion, width);
  if (fusion.kind == FusionKind::mlp) return tokens * width * static_cast<double>(model.dim + 2 * fusion.hidden);
  return 0;
}

}  // namespace

ParameterCounts count_parameters(Module& model) {
  ParameterCounts counts;
  for (const NamedTensor& named : model.named_tensors()) {
    const std::int64_t values = named.tensor->numel();
    counts.total += values;
    if (named.role == Role::trained) counts.trained += values;
    if (named.role == Role::frozen) counts.frozen += values;
    if (named.name.find(".lora_") != std::string::npos) counts.lora += values;
  }
  return counts;
}

double pretraining_forward_flops(const ModelOptions& model, const MaskingOptions& masking, std::int64_t images) {
  return pretraining_work(model, masking, {.images = images}).forward();
}

double classifier_forward_flops(const ModelOptions& model, std::int64_t images) {
  return classifier_work(model, {.images = images, .pool = model.pool}).forward();
}

double encoder_forward_flops(const ModelOptions& model, std::int64_t patches, std::int64_t images) {
  return encoder_work(model, patches, {.images = images}).forward();
}

double pretraining_step_flops(const ModelOptions& model, const MaskingOptions& masking, std::int64_t images) {
  return pretraining_work(model, masking, {.images = images, .training = true}).step();
}

double classifier_step_flops(const ModelOptions& model, std::int64_t images) {
  return classifier_work(model, {.images = images, .training = true, .pool = model.pool}).step();
}

double fusion_step_flops(const ModelOptions& model, std::int64_t images) {
  ModelOptions without = model;
  without.fusion.kind = FusionKind::none;
  const Pass pass{.images = images, .training = true, .pool = {}};
  return encoder_work(model, model.patches(), pass).step() - encoder_work(without, model.patches(), pass).step();
}

double pretraining_activation_bytes(const ModelOptions& model, const MaskingOptions& masking, Precision precision) {
  const double width = precision == Precision::float32 ? 4 : 2;
  const auto encoded = static_cast<double>(kept_patches(model.patches(), masking.mask_ratio) + 1);
  const auto decoded = static_cast<double>(model.patches() + 1);
  double bytes = encoded * static_cast<double>(model.depth) * block_bytes(model.dim, model.mlp_ratio, width);
  bytes += decoded * static_cast<double>(model.decoder.depth) * block_bytes(model.decoder.dim, model.mlp_ratio, width);
  bytes += decoded * static_cast<double>(model.patch_values()) * (4 + width);  // prediction and target
  return bytes + fusion_bytes(model, encoded, width);
}

double classifier_activation_bytes(const ModelOptions& model, Precision precision) {
  const double width = precision == Precision::float32 ? 4 : 2;
  const auto tokens = static_cast<double>(model.patches() + 1);
  return tokens * static_cast<double>(model.depth) * block_bytes(model.dim, model.mlp_ratio, width) +
         fusion_bytes(model, tokens, width);
}

}  // namespace luvit
