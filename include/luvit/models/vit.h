#pragma once
#include <memory>

#include "luvit/models/layers.h"
#include "luvit/models/options.h"

namespace luvit {

// Shapes below: B batch, T tokens, D width, H heads, L patches, P patch side.

// timm's vision_transformer.py Attention: one qkv projection with bias, scale head_dim^-0.5.
struct SelfAttention : Module {
  SelfAttention(std::int64_t dim, std::int64_t heads);
  Tensor operator()(const Tensor& x) const;  // [B,T,D] → [B,T,D]
  // The results of the tokens from `first` on, which look at all: [B,T-first,D].
  Tensor from(const Tensor& x, std::int64_t first) const;
  Tensor weights(const Tensor& x) const;  // [B,H,T,T], after softmax
  Linear qkv, proj;
  std::int64_t heads;
};

struct Mlp : Module {
  Mlp(std::int64_t dim, std::int64_t hidden);
  Tensor operator()(const Tensor& x) const;
  Linear fc1, fc2;
};

// Pre-norm block. `keep` is [2,B] (attention's branch first: 1 kept, 0 dropped) with its keep probability,
// or undefined: nothing dropped.
struct Block : Module {
  Block(std::int64_t dim, std::int64_t heads, double mlp_ratio);
  Tensor operator()(const Tensor& x, const Tensor& keep = {}, double keep_probability = 1.0) const;
  // The same for the tokens from `first` on only: [B,T-first,D].
  Tensor from(const Tensor& x, std::int64_t first) const;
  LayerNorm norm1;
  SelfAttention attn;
  LayerNorm norm2;
  Mlp mlp;
};

using Blocks = std::vector<std::unique_ptr<Block>>;

// Convolution with stride = kernel = P as a linear map of the flattened patch: one matrix product in any type, and
// only for the patches that are wanted.
struct PatchEmbed : Module {
  PatchEmbed(std::int64_t patch_size, std::int64_t dim);
  Tensor operator()(const Tensor& images) const;  // [B,3,S,S] → [B,L,D]
  Tensor flatten(const Tensor& images) const;     // [B,3,S,S] → [B,L,3·P²], channel slowest as in the weight
  Tensor embed(const Tensor& patches) const;      // [B,N,3·P²] → [B,N,D]
  struct Projection : Module {
    Projection(std::int64_t patch_size, std::int64_t dim);
    Tensor weight;  // [D,3,P,P]
    Tensor bias;
  } proj;
  std::int64_t patch_size;
};

// MAE's util/pos_embed.py: [1, 1+grid², dim], first half encodes the column, second the row, CLS row zero;
// computed in float64, returned float32.
Tensor sincos_positions(std::int64_t dim, std::int64_t grid);

}  // namespace luvit
