#include "luvit/models/mae.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

const ModelOptions& checked(const ModelOptions& options, const MaskingOptions& masking) {
  const auto problems = contradictions(options.decoder);
  if (!problems.empty()) throw UsageError(problems, {});
  if (options.patch_size > 0 && kept_patches(options.patches(), masking.mask_ratio) >= options.patches()) {
    throw UsageError(str("mae.mask_ratio ", masking.mask_ratio, " masks none of ", options.patches(),
                         " patches: there is nothing to predict"));
  }
  return options;
}

// The patches' pixels, normalised by each patch's own mean and (unbiased) variance.
Tensor normalised(const Tensor& patches) {
  const Tensor centred = patches - patches.mean(-1, /*keepdim=*/true);
  const Tensor variance = centred.square().sum(-1, /*keepdim=*/true) / static_cast<double>(patches.size(-1) - 1);
  return centred * (variance + 1e-6).rsqrt();
}

}  // namespace

Masking random_masking(const Tensor& noise, std::int64_t kept) {
  const Tensor shuffled = at::argsort(noise, /*stable=*/true, /*dim=*/1, /*descending=*/false);
  const Tensor places = at::arange(noise.size(1), shuffled.options()).expand_as(shuffled);
  const Tensor restore = at::empty_like(shuffled).scatter_(1, shuffled, places);
  return {.keep = shuffled.narrow(1, 0, kept),
          .hidden = shuffled.narrow(1, kept, noise.size(1) - kept),
          .restore = restore,
          .mask = restore.ge(kept).to(at::kFloat)};
}

Tensor patchify(const Tensor& images, std::int64_t patch_size) {
  const auto batch = images.size(0), rows = images.size(2) / patch_size, columns = images.size(3) / patch_size;
  return images.reshape({batch, 3, rows, patch_size, columns, patch_size})
      .permute({0, 2, 4, 3, 5, 1})
      .reshape({batch, rows * columns, patch_size * patch_size * 3});
}

Tensor unpatchify(const Tensor& patches, std::int64_t patch_size) {
  const auto grid = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(patches.size(1)))));
  return patches.reshape({patches.size(0), grid, grid, patch_size, patch_size, 3})
      .permute({0, 5, 1, 3, 2, 4})
      .reshape({patches.size(0), 3, grid * patch_size, grid * patch_size});
}

MaskedAutoencoder::MaskedAutoencoder(const ModelOptions& options_, const MaskingOptions& masking_)
    : Encoder(checked(options_, masking_)),
      norm(options.dim),
      decoder_embed(options.dim, options.decoder.dim),
      decoder_norm(options.decoder.dim),
      decoder_pred(options.decoder.dim, options.patch_values()),
      masking(masking_) {
  const DecoderOptions& decoder = options.decoder;
  add("norm", norm);
  add("decoder_embed", decoder_embed);
  add("mask_token", mask_token, {1, 1, decoder.dim});
  add("decoder_pos_embed", decoder_pos_embed, {1, 1 + options.patches(), decoder.dim}, Role::fixed);
  for (std::int64_t i = 0; i < decoder.depth; ++i) {
    decoder_blocks.push_back(std::make_unique<Block>(decoder.dim, decoder.heads, /*mlp_ratio=*/options.mlp_ratio));
    add(str("decoder_blocks.", i), *decoder_blocks.back());
  }
  add("decoder_norm", decoder_norm);
  add("decoder_pred", decoder_pred);
}

MaeOutput MaskedAutoencoder::operator()(const Tensor& images, const Tensor& noise) const {
  const std::int64_t kept = kept_patches(options.patches(), masking.mask_ratio);
  const Masking masked = random_masking(noise, kept);
  const Tensor pred = decode(norm(features_of(images, masked.keep)), masked.restore);

  const Tensor target = targets(patchify(images, options.patch_size));
  const Tensor error = (pred - target).square().mean(-1);  // [B,L], float32 by the target's type
  const auto masked_patches = static_cast<double>(images.size(0) * (options.patches() - kept));
  return {.loss = (error * masked.mask).sum() / masked_patches, .pred = pred, .mask = masked.mask};
}

// The decoder gives the same result for a token wherever it stands, since its position is added to it; so the patches
// stay in shuffled order, the hidden ones last. Only these count: of the last block and of all that follows it, the
// other tokens are left out.
Tensor MaskedAutoencoder::loss(const Tensor& images, const Tensor& noise, Taps* taps) const {
  const Masking masked = random_masking(noise, kept_patches(options.patches(), masking.mask_ratio));
  const Tensor embedded = decoder_embed(norm(features_of(images, masked.keep, taps)));
  const auto batch = embedded.size(0), visible = embedded.size(1), width = embedded.size(2);
  const Tensor hidden = mask_token.expand({batch, masked.hidden.size(1), width});
  const Tensor places = at::cat({at::zeros_like(masked.keep.narrow(1, 0, 1)), masked.keep + 1, masked.hidden + 1}, 1);
  const Tensor positions =
      decoder_pos_embed.expand({batch, -1, -1}).gather(1, places.unsqueeze(-1).expand({-1, -1, width}));
  Tensor x = at::cat({embedded, hidden}, 1) + positions;
  for (std::size_t i = 0; i + 1 < decoder_blocks.size(); ++i) x = (*decoder_blocks[i])(x);
  x = decoder_blocks.empty() ? x.slice(1, visible) : decoder_blocks.back()->from(x, visible);
  const Tensor pred = decoder_pred(decoder_norm(x));

  const Tensor patches = patchify(images, options.patch_size);
  const Tensor wanted = patches.gather(1, masked.hidden.unsqueeze(-1).expand({-1, -1, patches.size(2)}));
  return (pred - targets(wanted)).square().mean();
}

Tensor MaskedAutoencoder::targets(const Tensor& patches) const {
  return masking.norm_pix ? normalised(patches) : patches;
}

Tensor MaskedAutoencoder::decode(const Tensor& encoded, const Tensor& restore) const {
  const Tensor embedded = decoder_embed(encoded);
  const auto batch = embedded.size(0), kept = embedded.size(1) - 1, patches = restore.size(1), width = embedded.size(2);
  const Tensor hidden = mask_token.expand({batch, patches - kept, width});
  const Tensor shuffled = at::cat({embedded.narrow(1, 1, kept), hidden}, 1);
  Tensor x = at::cat({embedded.narrow(1, 0, 1), pick_tokens(shuffled, restore)}, 1) + decoder_pos_embed;
  for (const auto& block : decoder_blocks) x = (*block)(x);
  return decoder_pred(decoder_norm(x)).narrow(1, 1, patches);
}

}  // namespace luvit
