#pragma once
#include <memory>

#include "luvit/models/layers.h"
#include "luvit/models/options.h"
#include "luvit/models/taps.h"

namespace luvit {

// A frozen linear layer of the language model with a trainable low-rank path beside it (Hu et al. 2021; peft's
// LoraLayer): y = W·x + (alpha/rank)·B·A·drop(x). Tensor names: weight, bias, lora_A.weight, lora_B.weight.
struct LoraLinear : Module {
  LoraLinear(std::int64_t in, std::int64_t out, bool has_bias, std::int64_t rank, double alpha, double dropout);
  Tensor operator()(const Tensor& x) const;
  Tensor without_bias(const Tensor& x) const;  // not while it drops(): dropout draws for tokens
  // Whether dropout draws for the path's input now.
  bool drops() const { return has_lora() && dropout > 0 && training(); }
  Tensor weight, bias;    // Role::frozen
  Tensor lora_A, lora_B;  // [rank, in], [out, rank]; undefined without LoRA
  double scale = 0, dropout = 0;
  bool has_lora() const { return lora_A.defined(); }

 private:
  Tensor adapted(const Tensor& y, const Tensor& x) const;  // y + the path beside it
};

// The block's input x [B,T,dim]. Where it is known to be a linear layer's, layer(z) with z [B,T,D], q, k and v may come
// straight from z (folded_input.h).
struct BlockInput {
  BlockInput(const Tensor& x_) : x(x_) {}  // NOLINT(google-explicit-constructor): any tensor is an input
  BlockInput(const Linear& layer_, const Tensor& z_) : x(layer_(z_)), layer(&layer_), z(z_) {}
  Tensor x;
  const Linear* layer = nullptr;
  Tensor z;
};
// Whether that is less work than from x, for so many tokens of a training step; `width` is D.
bool folding_pays(std::int64_t tokens, std::int64_t width, std::int64_t dim);

// The values of one LLaMA-family decoder layer, frozen: RMSNorm → attention → RMSNorm → SwiGLU, bidirectional and
// without rotary positions (paper §3.3). Grouped-query attention, q/k/v biases (Qwen2) and per-head q/k norms
// (Qwen3) as the options say. Names are Hugging Face's below `model.layers.N`.
struct LlamaBlock : Module {
  explicit LlamaBlock(const FusionOptions& options);
  Tensor operator()(const BlockInput& input, Taps* taps = nullptr) const;  // [B,T,dim] → [B,T,dim]
  // The mean of its outputs over the patch tokens, [B,dim]; the class token is the first. The mean is taken before
  // the last matrix, which commutes with it: a third of the feed-forward's work is then done for one token only.
  Tensor patch_mean(const BlockInput& input) const;
  // The output of the class token, [B,1,dim], for which the feed-forward sees no other.
  Tensor class_token(const BlockInput& input) const;

  struct RmsNorm : Module {
    RmsNorm(std::int64_t dim, double eps, bool has_weight = true);
    // In float32 inside, the result in x's type.
    Tensor operator()(const Tensor& x) const;
    Tensor weight;  // frozen; undefined: all ones, without a tensor
    std::int64_t dim;
    double eps;
  };
  struct Attention : Module {
    explicit Attention(const FusionOptions& options);
    struct Heads {
      Tensor q, k, v;  // [B,H,T,d], [B,KV,T,d] twice
    };
    // Of q_proj(x), k_proj(x) and v_proj(x).
    Heads in_heads(const Tensor& q, const Tensor& k, const Tensor& v) const;
    Tensor operator()(const Heads& heads) const;  // [B,T,dim]
    LoraLinear q_proj, k_proj, v_proj, o_proj;
    std::unique_ptr<RmsNorm> q_norm, k_norm;
    std::int64_t heads, kv_heads, head_dim;
  };
  struct SwiGlu : Module {
    explicit SwiGlu(const FusionOptions& options);
    Tensor operator()(const Tensor& x) const;
    Tensor patch_mean(const Tensor& x) const;  // [B,T,dim] → [B,dim]
    LoraLinear gate_proj, up_proj, down_proj;
  };
  RmsNorm input_layernorm;
  Attention self_attn;
  RmsNorm post_attention_layernorm;
  SwiGlu mlp;

 private:
  Attention::Heads project(const BlockInput& input) const;
  Tensor attended(const BlockInput& input, Taps* taps = nullptr) const;  // x + attention of it
  Tensor fed_forward(const Tensor& attended, Taps* taps = nullptr) const;
};

}  // namespace luvit
