#include "luvit/models/encoder.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/models/drop_path.h"

namespace luvit {
namespace {

const ModelOptions& checked(const ModelOptions& options) {
  const auto problems = contradictions(options);
  if (!problems.empty()) throw UsageError(problems, {});
  return options;
}

}  // namespace

std::string block_tap(std::int64_t block) {
  return str("block.", block);
}

std::string attention_tap(std::int64_t block) {
  return str("attention.", block);
}

Tensor pick_tokens(const Tensor& tokens, const Tensor& order) {
  return tokens.gather(1, order.unsqueeze(-1).expand({-1, -1, tokens.size(2)}));
}

Encoder::Encoder(const ModelOptions& options_, Role pos_embed_role)
    : options(checked(options_)),
      patch_embed(options.patch_size, options.dim),
      fusion(make_fusion(options.dim, options.fusion)) {
  const bool learned = options.pos_embed == PosEmbed::learned;
  add("cls_token", cls_token, {1, 1, options.dim});
  add("pos_embed", pos_embed, {1, 1 + options.patches(), options.dim}, learned ? Role::trained : pos_embed_role);
  add("patch_embed", patch_embed);
  for (std::int64_t i = 0; i < options.depth; ++i) {
    blocks.push_back(std::make_unique<Block>(options.dim, options.heads, options.mlp_ratio));
    add(str("blocks.", i), *blocks.back());
  }
  if (fusion) add("fusion", *fusion);
}

Tensor Encoder::with_class_token(const Tensor& patches) const {
  const Tensor cls = (cls_token + pos_embed.narrow(1, 0, 1)).expand({patches.size(0), -1, -1});
  return at::cat({cls, patches}, 1);
}

Tensor Encoder::encode(const Tensor& images, const Tensor& drop_path, Taps* taps) const {
  Tensor x = with_class_token(patch_embed(images) + pos_embed.narrow(1, 1, options.patches()));
  for (std::int64_t i = 0; i < options.depth; ++i) {
    const Block& block = *blocks[static_cast<std::size_t>(i)];
    if (taps && taps->want(attention_tap(i))) taps->show(attention_tap(i), block.attn.weights(block.norm1(x)));
    const Tensor keep = drop_path.defined() ? drop_path.select(0, i) : drop_path;
    x = block(x, keep, keep_probability(options.drop_path, i, options.depth));
    if (taps) taps->show(block_tap(i), x);
  }
  return x;
}

Tensor Encoder::features(const Tensor& images, const Tensor& drop_path, Taps* taps) const {
  const Tensor x = encode(images, drop_path, taps);
  return fusion ? (*fusion)(x, taps) : x;
}

Tensor Encoder::pooled_features(const Tensor& images, const Tensor& drop_path) const {
  const Tensor x = encode(images, drop_path);
  return fusion ? fusion->pooled(x, options.pool) : pool_tokens(x, options.pool);
}

Tensor Encoder::encode_of(const Tensor& images, const Tensor& keep, Taps* taps) const {
  const Tensor patches = patch_embed.flatten(images);
  const Tensor positions = pos_embed.narrow(1, 1, options.patches()).expand({images.size(0), -1, -1});
  Tensor x = with_class_token(patch_embed.embed(pick_tokens(patches, keep)) + pick_tokens(positions, keep));
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    x = (*blocks[i])(x);
    if (taps) taps->show(block_tap(static_cast<std::int64_t>(i)), x);
  }
  return x;
}

Tensor Encoder::features_of(const Tensor& images, const Tensor& keep, Taps* taps) const {
  const Tensor x = encode_of(images, keep, taps);
  return fusion ? (*fusion)(x, taps) : x;
}

}  // namespace luvit
