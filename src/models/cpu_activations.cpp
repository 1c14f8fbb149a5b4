#include "cpu_activations.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "cpu_layers.h"

namespace luvit {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// work(how many, a pointer into each tensor) in either type, on all threads.
template <typename Work, typename... Tensors>
void elementwise(const Work& work, const Tensor& first, const Tensors&... others) {
  over_pieces(first.numel(), [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    if (first.scalar_type() == at::kFloat)
      work(end - begin, first.mutable_data_ptr<float>() + begin, others.template mutable_data_ptr<float>() + begin...);
    else
      work(end - begin, bits(first) + begin, bits(others) + begin...);
  });
}

struct SwiGluOnCpu : torch::autograd::Function<SwiGluOnCpu> {
  static Tensor forward(AutogradContext* ctx, const Tensor& gate_, const Tensor& up_) {
    const Tensor gate = gate_.contiguous(), up = up_.contiguous(), y = at::empty_like(gate);
    elementwise([](std::int64_t n, auto* g, auto* u, auto* out) { swiglu_forward(g, u, out, n); }, gate, up, y);
    ctx->save_for_backward({gate, up});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &gate = saved[0], &up = saved[1], grad = grads[0].contiguous();
    const Tensor grad_gate = at::empty_like(gate), grad_up = at::empty_like(up);
    elementwise(
        [](std::int64_t n, auto* g, auto* u, auto* dy, auto* dg, auto* du) { swiglu_backward(g, u, dy, dg, du, n); },
        gate, up, grad, grad_gate, grad_up);
    return {grad_gate, grad_up};
  }
};

// work(how many, a pointer to the first number of each) with the numbers of either type.
template <typename Work, typename... Tensors>
void by_type(const Work& work, const Tensor& first, const Tensors&... others) {
  if (first.scalar_type() == at::kFloat)
    work(first.mutable_data_ptr<float>(), others.template mutable_data_ptr<float>()...);
  else
    work(bits(first), bits(others)...);
}

// The values of an image are never held: a sum going forward, a gradient shared by all tokens going back.
struct SwiGluMeanOnCpu : torch::autograd::Function<SwiGluMeanOnCpu> {
  static Tensor forward(AutogradContext* ctx, const Tensor& gate_, const Tensor& up_, std::int64_t first_token) {
    const Tensor gate = gate_.contiguous(), up = up_.contiguous();
    const std::int64_t images = gate.size(0), tokens = gate.size(1), width = gate.size(2);
    const Tensor sum = at::zeros({images, width}, gate.options().dtype(at::kFloat));
    float* const sums = sum.mutable_data_ptr<float>();
    by_type(
        [&](const auto* g, const auto* u) {
          over_pieces(images, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i)
              for (std::int64_t t = first_token; t < tokens; ++t) {
                const std::int64_t at = (i * tokens + t) * width;
                swiglu_add(g + at, u + at, sums + i * width, width);
              }
          });
        },
        gate, up);
    ctx->save_for_backward({gate, up});
    ctx->saved_data["first_token"] = first_token;
    return sum.div_(tokens - first_token).to(gate.scalar_type());
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &gate = saved[0], &up = saved[1];
    const std::int64_t tokens = gate.size(1), width = gate.size(2), first = ctx->saved_data["first_token"].toInt();
    const Tensor shared = (grads[0] / (tokens - first)).contiguous();
    const Tensor grad_gate = at::empty_like(gate), grad_up = at::empty_like(up);
    by_type(
        [&](auto* g, auto* u, auto* dy, auto* dg, auto* du) {
          over_pieces(gate.size(0) * tokens, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row) {
              const std::int64_t at = row * width;
              if (row % tokens < first) {
                std::fill_n(dg + at, width, 0);
                std::fill_n(du + at, width, 0);
              } else {
                swiglu_backward(g + at, u + at, dy + row / tokens * width, dg + at, du + at, width);
              }
            }
          });
        },
        gate, up, shared, grad_gate, grad_up);
    return {grad_gate, grad_up, Tensor()};
  }
};

}  // namespace

Tensor gelu_values(const Tensor& x) {
  const Tensor y = at::empty_like(x);
  elementwise([](std::int64_t n, auto* from, auto* to) { gelu_forward(from, to, n); }, x, y);
  return y;
}

Tensor gelu_backward_in_place(const Tensor& x, const Tensor& grad) {
  const Tensor y = at::empty_like(x);
  elementwise([](std::int64_t n, auto* from, auto* dy, auto* to) { gelu_backward(from, dy, to, n); }, x, grad, y);
  return y;
}

bool prefers_cpu_swiglu(const Tensor& gate) {
  return gate.is_cpu() && has_vectors() && (gate.scalar_type() == at::kFloat || gate.scalar_type() == at::kBFloat16);
}

Tensor swiglu_on_cpu(const Tensor& gate, const Tensor& up) {
  return SwiGluOnCpu::apply(gate, up);
}

Tensor swiglu_mean_on_cpu(const Tensor& gate, const Tensor& up, std::int64_t first_token) {
  return SwiGluMeanOnCpu::apply(gate, up, first_token);
}

void softmax_in_place(const Tensor& x, double scale) {
  const std::int64_t width = x.size(-1);
  over_pieces(x.numel() / width, [&](std::int64_t, std::int64_t first, std::int64_t last) {
    std::vector<float> scratch(static_cast<std::size_t>(width + kernel_width));
    softmax_rows(bits(x) + first * width, last - first, width, static_cast<float>(scale), scratch.data());
  });
}

void softmax_backward_in_place(const Tensor& result, const Tensor& grad, double scale) {
  const std::int64_t width = grad.size(-1);
  over_pieces(grad.numel() / width, [&](std::int64_t, std::int64_t first, std::int64_t last) {
    softmax_backward_rows(bits(result) + first * width, bits(grad) + first * width, last - first, width,
                          static_cast<float>(scale));
  });
}

}  // namespace luvit
