#pragma once
#include "luvit/models/encoder.h"

namespace luvit {

struct MaeOutput {
  Tensor loss;  // [], mean over the masked patches of the batch
  Tensor pred;  // [B,L,P²·3]
  Tensor mask;  // [B,L], 1 masked
};

// Which patches stay, from noise [B,L]: a stable argsort, the smallest kept (facebookresearch/mae models_mae.py).
struct Masking {
  Tensor keep;     // [B,K], int64, in shuffled order
  Tensor hidden;   // [B,L-K], int64, the others, in shuffled order
  Tensor restore;  // [B,L], int64
  Tensor mask;     // [B,L], float32, 1 masked
};
Masking random_masking(const Tensor& noise, std::int64_t kept);

Tensor patchify(const Tensor& images, std::int64_t patch_size);     // [B,3,S,S] → [B,L,P²·3], channel fastest
Tensor unpatchify(const Tensor& patches, std::int64_t patch_size);  // back

// x' = Dec(Fuse(Enc(x_visible)), mask_ids): masked autoencoder over the encoder, paper §3.1.
struct MaskedAutoencoder : Encoder {
  MaskedAutoencoder(const ModelOptions& options, const MaskingOptions& masking);
  MaeOutput operator()(const Tensor& images, const Tensor& noise) const;
  // The loss alone, as training needs it: the same, without what only shows in the picture (see mae.cpp).
  Tensor loss(const Tensor& images, const Tensor& noise, Taps* taps = nullptr) const;

  LayerNorm norm;
  Linear decoder_embed;
  Tensor mask_token;         // [1,1,Dd]
  Tensor decoder_pos_embed;  // [1,1+L,Dd], fixed
  Blocks decoder_blocks;
  LayerNorm decoder_norm;
  Linear decoder_pred;
  MaskingOptions masking;

 private:
  Tensor decode(const Tensor& encoded, const Tensor& restore) const;  // [B,1+K,D] → [B,L,P²·3]
  Tensor targets(const Tensor& patches) const;                        // [B,N,P²·3], normalised where asked for
};

}  // namespace luvit
