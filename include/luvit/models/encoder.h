#pragma once
#include "luvit/models/fusion.h"
#include "luvit/models/vit.h"

namespace luvit {

// What one pass can show besides its result; each tensor is filled where asked for.
struct Taps {
  bool want_attention = false;
  Tensor encoder;    // [B,T,D], after the last ViT block, before the fusion
  Tensor attention;  // [B,H,T,T], last ViT block
};

// Tokens [B,N,D] by the indices order [B,K]: [B,K,D].
Tensor pick_tokens(const Tensor& tokens, const Tensor& order);

// ViT blocks and the fusion: the part that pretraining, classification and detection share.
// Tensors: cls_token, pos_embed, patch_embed.*, blocks.N.*, fusion.*
struct Encoder : Module {
  explicit Encoder(const ModelOptions& options, Role pos_embed_role = Role::fixed);

  // All patches: features [B,1+L,D] after the fusion, before any norm. drop_path: [depth,2,B] (1 kept) or undefined.
  Tensor features(const Tensor& images, const Tensor& drop_path = {}, Taps* taps = nullptr) const;
  // What a classifier pools of these features, [B,D].
  Tensor pooled_features(const Tensor& images, const Tensor& drop_path = {}) const;
  // Only the patches of keep [B,K]: [B,1+K,D], fused.
  Tensor features_of(const Tensor& images, const Tensor& keep) const;

  ModelOptions options;
  Tensor cls_token;  // [1,1,D]
  Tensor pos_embed;  // [1,1+L,D]
  PatchEmbed patch_embed;
  Blocks blocks;
  std::unique_ptr<Fusion> fusion;  // nullptr: none

 private:
  Tensor encoded(const Tensor& images, const Tensor& drop_path, Taps* taps) const;  // after the last block
  Tensor with_class_token(const Tensor& patches) const;                             // [B,N,D] → [B,1+N,D]
};

}  // namespace luvit
