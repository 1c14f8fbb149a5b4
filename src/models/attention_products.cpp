#include "attention_products.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "cpu_layers.h"

namespace luvit {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Below, one "group" is the heads that share a key and a value head: N = B·KV groups of R = (H/KV)·T rows of queries.
// Without a mask a row's place does not matter, so grouped queries need nothing of their own.
struct Saved {
  Tensor q, k, v;  // [N,R,d], [N,T,d], [N,T,d]
  Tensor p;        // [N,R,T], after the softmax
};

double scale_for(const Tensor& q) {
  return 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
}

// In bfloat16 the softmax takes the scale along: the product that would (baddbmm) is slower than the plain one.
bool softmax_scales(const Tensor& x) {
  return x.scalar_type() == at::kBFloat16;
}

// scale·a·b into `out`, but for bfloat16 unscaled.
void product(Tensor& out, const Tensor& a, const Tensor& b, double scale) {
  if (softmax_scales(a))
    at::bmm_out(out, a, b);
  else
    at::baddbmm_out(out, out, a, b, /*beta=*/0, /*alpha=*/scale);
}

// Scores, which nobody else needs, into weights.
Tensor softmaxed(const Tensor& scores, double scale) {
  if (!softmax_scales(scores)) return at::softmax(scores, -1);
  softmax_in_place(scores, scale);
  return scores;
}

Tensor softmax_backward(const Tensor& weights, const Tensor& grad, double scale) {
  if (!softmax_scales(weights)) return at::_softmax_backward_data(grad, weights, -1, weights.scalar_type());
  softmax_backward_in_place(weights, grad, scale);
  return grad;
}

Tensor forward_products(Saved& s) {
  const double scale = scale_for(s.q);
  Tensor scores = at::empty({s.q.size(0), s.q.size(1), s.k.size(1)}, s.q.options());
  product(scores, s.q, s.k.transpose(1, 2), scale);
  s.p = softmaxed(scores, scale);
  return at::bmm(s.p, s.v);
}

// Gradients of q, k, v into `out`, given the result's.
void backward_products(const Saved& s, const Tensor& grad, Tensor& grad_q, Tensor& grad_k, Tensor& grad_v) {
  const double scale = scale_for(s.q);
  at::bmm_out(grad_v, s.p.transpose(1, 2), grad);
  const Tensor grad_scores = softmax_backward(s.p, at::bmm(grad, s.v.transpose(1, 2)), scale);
  product(grad_q, grad_scores, s.k, scale);
  product(grad_k, grad_scores.transpose(1, 2), s.q, scale);
}

struct Attention : torch::autograd::Function<Attention> {
  static Tensor forward(AutogradContext* ctx, const Tensor& q, const Tensor& k, const Tensor& v) {
    const auto batch = q.size(0), heads = q.size(1), tokens = q.size(2), width = q.size(3), groups = k.size(1);
    Saved s;
    s.q = q.reshape({batch * groups, heads / groups * tokens, width});
    s.k = k.reshape({batch * groups, k.size(2), width});
    s.v = v.reshape({batch * groups, k.size(2), width});
    const Tensor out = forward_products(s);
    ctx->save_for_backward({s.q, s.k, s.v, s.p});
    ctx->saved_data["shape"] = q.sizes();
    // [B,T,H,d] in memory: what follows is a reshape to [B,T,H·d].
    return out.view(q.sizes()).transpose(1, 2).contiguous().transpose(1, 2);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Saved s{saved[0], saved[1], saved[2], saved[3]};
    const std::vector<std::int64_t> shape = ctx->saved_data["shape"].toIntVector();
    const std::vector<std::int64_t> shared = {shape[0], s.k.size(0) / shape[0], s.k.size(1), s.k.size(2)};
    Tensor grad_q = at::empty_like(s.q), grad_k = at::empty_like(s.k), grad_v = at::empty_like(s.v);
    backward_products(s, grads[0].reshape(s.q.sizes()), grad_q, grad_k, grad_v);
    return {grad_q.view(shape), grad_k.view(shared), grad_v.view(shared)};
  }
};

struct PackedAttention : torch::autograd::Function<PackedAttention> {
  static Tensor forward(AutogradContext* ctx, const Tensor& qkv, std::int64_t heads) {
    const auto batch = qkv.size(0), tokens = qkv.size(1), width = qkv.size(2) / 3 / heads;
    const Tensor split = qkv.view({batch, tokens, 3, heads, width})
                             .permute({2, 0, 3, 1, 4})
                             .contiguous()
                             .view({3, batch * heads, tokens, width});
    Saved s{split[0], split[1], split[2], {}};
    const Tensor out = forward_products(s);
    ctx->save_for_backward({split, s.p});
    ctx->saved_data["heads"] = heads;
    return out.view({batch, heads, tokens, width}).transpose(1, 2).reshape({batch, tokens, heads * width});
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor& split = saved[0];
    const Saved s{split[0], split[1], split[2], saved[1]};
    const auto heads = ctx->saved_data["heads"].toInt(), tokens = split.size(2), width = split.size(3);
    const auto batch = split.size(1) / heads;
    const Tensor grad = grads[0].view({batch, tokens, heads, width}).transpose(1, 2).reshape(s.q.sizes());
    const Tensor grad_split = at::empty_like(split);
    Tensor grad_q = grad_split[0], grad_k = grad_split[1], grad_v = grad_split[2];
    backward_products(s, grad, grad_q, grad_k, grad_v);
    const Tensor packed = grad_split.view({3, batch, heads, tokens, width}).permute({1, 3, 0, 2, 4});
    return {packed.reshape({batch, tokens, 3 * heads * width}), Tensor()};
  }
};

}  // namespace

bool prefers_products(const Tensor& x, std::int64_t tokens) {
  if (!x.is_cpu()) return false;
  // In float32 ATen's kernel is the faster one once its blocks of queries are full.
  return x.scalar_type() == at::kBFloat16 ? has_bfloat16_instructions()
                                          : x.scalar_type() == at::kFloat && has_wide_vectors() && tokens <= 64;
}

Tensor attention_by_products(const Tensor& q, const Tensor& k, const Tensor& v) {
  return Attention::apply(q, k, v);
}

Tensor self_attention_by_products(const Tensor& qkv, std::int64_t heads) {
  return PackedAttention::apply(qkv, heads);
}

}  // namespace luvit
