#include "luvit/models/llama_block.h"

#include "folded_input.h"

namespace luvit {
namespace {

std::int64_t head_width(const FusionOptions& options) {
  return options.head_dim.value_or(options.dim / options.heads);
}

// `target` is the name that fusion.lora.targets uses.
struct Projection {
  const char* target;
  std::int64_t in, out;
  bool has_bias;
};

std::int64_t rank_of(const Projection& projection, const LoraOptions& lora) {
  const auto& targets = lora.targets;
  return std::find(targets.begin(), targets.end(), projection.target) == targets.end() ? 0 : lora.rank;
}

// Guaranteed elision lets members be made by a function, though they cannot move.
LoraLinear make(const Projection& projection, const LoraOptions& lora) {
  return LoraLinear(projection.in, projection.out, projection.has_bias, rank_of(projection, lora), lora.alpha,
                    lora.dropout);
}

// [B,T,N·d] → [B,N,T,d], normed by head where the model does so.
Tensor by_head(const Tensor& x, std::int64_t head_dim, const LlamaBlock::RmsNorm* norm = nullptr) {
  const Tensor heads = x.view({x.size(0), x.size(1), -1, head_dim});
  return (norm ? (*norm)(heads) : heads).transpose(1, 2);
}

}  // namespace

LlamaBlock::RmsNorm::RmsNorm(std::int64_t dim_, double eps_, bool has_weight) : dim(dim_), eps(eps_) {
  if (has_weight) add("weight", weight, {dim}, Role::frozen);
}

Tensor LlamaBlock::RmsNorm::operator()(const Tensor& x) const {
  // The weight in x's type: the fused kernels want one type, and storage: float32 computes the same as compute.
  const auto gain = weight.defined() ? std::make_optional(weight.to(x.scalar_type())) : std::nullopt;
  return at::rms_norm(x, {dim}, gain, eps);
}

LlamaBlock::Attention::Attention(const FusionOptions& options)
    : q_proj(make({"q", options.dim, options.heads * head_width(options), options.qkv_bias}, options.lora)),
      k_proj(make({"k", options.dim, options.kv_heads * head_width(options), options.qkv_bias}, options.lora)),
      v_proj(make({"v", options.dim, options.kv_heads * head_width(options), options.qkv_bias}, options.lora)),
      o_proj(make({"o", options.heads * head_width(options), options.dim, options.o_bias}, options.lora)),
      heads(options.heads),
      kv_heads(options.kv_heads),
      head_dim(head_width(options)) {
  add("q_proj", q_proj);
  add("k_proj", k_proj);
  add("v_proj", v_proj);
  add("o_proj", o_proj);
  if (!options.qk_norm) return;
  q_norm = std::make_unique<RmsNorm>(head_dim, options.norm_eps);
  k_norm = std::make_unique<RmsNorm>(head_dim, options.norm_eps);
  add("q_norm", *q_norm);
  add("k_norm", *k_norm);
}

LlamaBlock::Attention::Heads LlamaBlock::Attention::in_heads(const Tensor& q, const Tensor& k, const Tensor& v) const {
  return {by_head(q, head_dim, q_norm.get()), by_head(k, head_dim, k_norm.get()), by_head(v, head_dim)};
}

Tensor LlamaBlock::Attention::operator()(const Heads& h) const {
  const Tensor mixed = attention(h.q, h.k, h.v).transpose(1, 2);
  return o_proj(mixed.reshape({mixed.size(0), mixed.size(1), heads * head_dim}));
}

LlamaBlock::SwiGlu::SwiGlu(const FusionOptions& options)
    : gate_proj(make({"gate", options.dim, options.hidden, false}, options.lora)),
      up_proj(make({"up", options.dim, options.hidden, false}, options.lora)),
      down_proj(make({"down", options.hidden, options.dim, false}, options.lora)) {
  add("gate_proj", gate_proj);
  add("up_proj", up_proj);
  add("down_proj", down_proj);
}

Tensor LlamaBlock::SwiGlu::operator()(const Tensor& x) const {
  return down_proj(swiglu(gate_proj(x), up_proj(x)));
}

Tensor LlamaBlock::SwiGlu::patch_mean(const Tensor& x) const {
  return down_proj(swiglu_mean(gate_proj(x), up_proj(x), /*first_token=*/1));
}

LlamaBlock::LlamaBlock(const FusionOptions& options)
    : input_layernorm(options.dim, options.norm_eps),
      self_attn(options),
      post_attention_layernorm(options.dim, options.norm_eps),
      mlp(options) {
  add("input_layernorm", input_layernorm);
  add("self_attn", self_attn);
  add("post_attention_layernorm", post_attention_layernorm);
  add("mlp", mlp);
}

// Twice through [out,dim] for each token (forward and the input's gradient), against three times through [out,D] (and
// the matrix's own) and twice D·dim to make it and pass its gradient on.
bool folding_pays(std::int64_t tokens, std::int64_t width, std::int64_t dim) {
  return tokens * (2 * dim - 3 * width) > 2 * width * dim;
}

LlamaBlock::Attention::Heads LlamaBlock::project(const BlockInput& input) const {
  const LoraLinear &q = self_attn.q_proj, &k = self_attn.k_proj, &v = self_attn.v_proj;
  const bool drops = q.drops() || k.drops() || v.drops();  // of the normed input, token by token
  if (!drops && FoldedInput::pays(input)) {
    const FoldedInput folded(input, input_layernorm);
    return self_attn.in_heads(folded(q), folded(k), folded(v));
  }
  const Tensor normed = input_layernorm(input.x);
  return self_attn.in_heads(q(normed), k(normed), v(normed));
}

Tensor LlamaBlock::attended(const BlockInput& input, Taps* taps) const {
  const Attention::Heads heads = project(input);
  if (taps && taps->want("attention.llm")) taps->show("attention.llm", attention_weights(heads.q, heads.k));
  const Tensor added = self_attn(heads);
  if (taps) taps->show("llm_attn", added);
  return input.x + added;
}

Tensor LlamaBlock::fed_forward(const Tensor& attended, Taps* taps) const {
  const Tensor added = mlp(post_attention_layernorm(attended));
  if (taps) taps->show("llm_ffn", added);
  return attended + added;
}

Tensor LlamaBlock::operator()(const BlockInput& input, Taps* taps) const {
  const Tensor out = fed_forward(attended(input, taps), taps);
  if (!taps) return out;
  taps->show("l1", input.x);
  taps->show("llm", out);
  return out;
}

Tensor LlamaBlock::patch_mean(const BlockInput& input) const {
  const Tensor told = attended(input);
  return mean_over_patches(told) + mlp.patch_mean(post_attention_layernorm(told));
}

Tensor LlamaBlock::class_token(const BlockInput& input) const {
  return fed_forward(attended(input).narrow(1, 0, 1));
}

}  // namespace luvit
