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
  Tensor weight, bias;    // Role::frozen
  Tensor lora_A, lora_B;  // [rank, in], [out, rank]; undefined without LoRA
  double scale = 0, dropout = 0;
  bool has_lora() const { return lora_A.defined(); }
};

// The values of one LLaMA-family decoder layer, frozen: RMSNorm → attention → RMSNorm → SwiGLU, bidirectional and
// without rotary positions (paper §3.3). Grouped-query attention, q/k/v biases (Qwen2) and per-head q/k norms
// (Qwen3) as the options say. Names are Hugging Face's below `model.layers.N`.
struct LlamaBlock : Module {
  explicit LlamaBlock(const FusionOptions& options);
  Tensor operator()(const Tensor& x, Taps* taps = nullptr) const;  // [B,T,dim] → [B,T,dim]
  // The mean of its outputs over the patch tokens, [B,dim]; the class token is the first. The mean is taken before
  // the last matrix, which commutes with it: a third of the feed-forward's work is then done for one token only.
  Tensor patch_mean(const Tensor& x) const;
  // The output of the class token, [B,1,dim], for which the feed-forward sees no other.
  Tensor class_token(const Tensor& x) const;

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
    Tensor operator()(const Tensor& x) const;
    Tensor weights(const Tensor& x) const;  // [B,H,T,T]
    Tensor queries(const Tensor& x) const;  // [B,H,T,d]
    Tensor keys(const Tensor& x) const;     // [B,KV,T,d]
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
  Tensor attended(const Tensor& x, Taps* taps = nullptr) const;  // x + attention of it
  Tensor fed_forward(const Tensor& attended, Taps* taps = nullptr) const;
};

}  // namespace luvit
