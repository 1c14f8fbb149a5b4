#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include "cpu_activations.h"
#include "cpu_layers.h"

namespace luvit {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// mkldnn::_linear_pointwise(X, W, B, attr, scalars, algorithm), which torch.compile uses; not in the C++ headers.
using LinearPointwise = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, c10::string_view,
                               c10::List<std::optional<at::Scalar>>, std::optional<c10::string_view>);

const std::optional<c10::TypedOperatorHandle<LinearPointwise>>& linear_pointwise() {
  static const auto found = []() -> std::optional<c10::TypedOperatorHandle<LinearPointwise>> {
    const auto schema = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (!schema || !schema->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return std::nullopt;
    return schema->typed<LinearPointwise>();
  }();
  return found;
}

std::optional<Tensor> cast(const std::optional<Tensor>& bias, at::ScalarType type) {
  return bias ? std::make_optional(bias->to(type)) : bias;
}

Tensor product(const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias) {
  if (widens_products(x.scalar_type()))
    return at::linear(x.to(at::kFloat), weight.to(at::kFloat), cast(bias, at::kFloat)).to(x.scalar_type());
  if (!linear_pointwise()) return at::linear(x, weight, bias);
  return linear_pointwise()->call(x, weight, bias, "none", c10::List<std::optional<at::Scalar>>(), "");
}

Tensor as_rows(const Tensor& x) {
  return x.reshape({-1, x.size(-1)});
}

// The gradient of x in x·Wᵀ, shaped as `grad` but for its last dimension.
Tensor input_gradient(const Tensor& grad, const Tensor& weight) {
  std::vector<std::int64_t> shape = grad.sizes().vec();
  shape.back() = weight.size(1);
  const Tensor rows = as_rows(grad);
  const bool by_product = grad.scalar_type() == at::kFloat || widens_products(grad.scalar_type());
  return (by_product ? product(rows, weight.t(), {}) : at::mm(rows, weight)).view(shape);
}

Tensor weight_gradient(const Tensor& grad, const Tensor& x) {
  const Tensor g = as_rows(grad).t(), rows = as_rows(x);
  // In float32, MKL is the faster one where both operands are transposed into oneDNN's way, unless the result is wide.
  if (grad.scalar_type() == at::kFloat && rows.size(1) > g.size(0)) return product(g, rows.t(), {});
  if (widens_products(grad.scalar_type())) return at::mm(g.to(at::kFloat), rows.to(at::kFloat));
  return at::mm(g, rows).to(at::kFloat);
}

Tensor bias_gradient(const Tensor& grad) {
  return as_rows(grad).sum(0, /*keepdim=*/false, at::kFloat);
}

// Without a bias there is no third input to ask about.
bool trains_bias(AutogradContext& ctx) {
  return ctx.saved_data["bias"].toBool() && ctx.needs_input_grad(2);
}

struct LinearOnCpu : torch::autograd::Function<LinearOnCpu> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias,
                        at::ScalarType type) {
    const Tensor rows = x.to(type), matrix = weight.to(type);
    // Only a weight that trains needs the input again.
    ctx->save_for_backward({weight.requires_grad() ? rows : Tensor(), matrix});
    ctx->saved_data["input_type"] = x.scalar_type();
    ctx->saved_data["bias"] = bias.has_value();
    return product(rows, matrix, cast(bias, type));
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &grad = grads[0], &x = saved[0], &weight = saved[1];
    variable_list out(4);
    if (ctx->needs_input_grad(0))
      out[0] = input_gradient(grad, weight).to(ctx->saved_data["input_type"].toScalarType());
    if (ctx->needs_input_grad(1)) out[1] = weight_gradient(grad, x);
    if (trains_bias(*ctx)) out[2] = bias_gradient(grad);
    return out;
  }
};

struct GeluLinearOnCpu : torch::autograd::Function<GeluLinearOnCpu> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias,
                        at::ScalarType type) {
    const Tensor input = x.to(type).contiguous(), matrix = weight.to(type);
    ctx->save_for_backward({input, matrix});
    ctx->saved_data["input_type"] = x.scalar_type();
    ctx->saved_data["bias"] = bias.has_value();
    return product(gelu_values(input), matrix, cast(bias, type));
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &grad = grads[0], &x = saved[0], &weight = saved[1];
    const Tensor inner = input_gradient(grad, weight).contiguous(), activated = gelu_backward_in_place(x, inner);
    return {inner.to(ctx->saved_data["input_type"].toScalarType()),
            ctx->needs_input_grad(1) ? weight_gradient(grad, activated) : Tensor(),
            trains_bias(*ctx) ? bias_gradient(grad) : Tensor(), Tensor()};
  }
};

std::optional<Tensor> if_defined(const Tensor& bias) {
  return bias.defined() ? std::make_optional(bias) : std::nullopt;
}

}  // namespace

bool widens_products(at::ScalarType type) {
  return type == at::kBFloat16 && !has_bfloat16_instructions();
}

bool prefers_cpu_linear(const Tensor& x, at::ScalarType compute) {
  if (!x.is_cpu()) return false;
  if (widens_products(compute)) return true;
  if (!linear_pointwise()) return false;
  if (compute == at::kBFloat16) return has_bfloat16_instructions();
  return compute == at::kFloat && x.scalar_type() == at::kFloat && has_wide_vectors();
}

Tensor linear_on_cpu(const Tensor& x, const Tensor& weight, const Tensor& bias, at::ScalarType compute) {
  return LinearOnCpu::apply(x, weight, if_defined(bias), compute);
}

Tensor gelu_linear_on_cpu(const Tensor& x, const Tensor& weight, const Tensor& bias, at::ScalarType compute) {
  return GeluLinearOnCpu::apply(x, weight, if_defined(bias), compute);
}

}  // namespace luvit
