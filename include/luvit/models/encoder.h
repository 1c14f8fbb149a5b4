#pragma once
#include "luvit/models/fusion.h"
#include "luvit/models/vit.h"

namespace luvit {

// Tokens [B,N,D] by the indices order [B,K]: [B,K,D].
Tensor pick_tokens(const Tensor& tokens, const Tensor& order);

// ViT blocks and the fusion: the part that pretraining, classification and detection share.
// Tensors: cls_token, pos_embed, patch_embed.*, blocks.N.*, fusion.*
struct Encoder : Module {
  explicit Encoder(const ModelOptions& options, Role pos_embed_role = Role::fixed);

  // All patches: features [B,1+L,D] after the fusion, before any norm. drop_path: [depth,2,B] (1 kept) or undefined.
  Tensor features(const Tensor& images, const Tensor& drop_path = {}, Taps* taps = nullptr) const;
  // The same without the fusion: the last ViT block's output.
  Tensor encode(const Tensor& images, const Tensor& drop_path = {}, Taps* taps = nullptr) const;
  // What a classifier pools of these features, [B,D].
  Tensor pooled_features(const Tensor& images, const Tensor& drop_path = {}) const;
  // Both of the patches of keep [B,K] only: [B,1+K,D].
  Tensor features_of(const Tensor& images, const Tensor& keep, Taps* taps = nullptr) const;
  Tensor encode_of(const Tensor& images, const Tensor& keep, Taps* taps = nullptr) const;

  ModelOptions options;
  Tensor cls_token;  // [1,1,D]
  Tensor pos_embed;  // [1,1+L,D]
  PatchEmbed patch_embed;
  Blocks blocks;
  std::unique_ptr<Fusion> fusion;  // nullptr: none

 private:
  Tensor with_class_token(const Tensor& patches) const;  // [B,N,D] → [B,1+N,D]
};

}  // namespace luvit
