#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include "bfloat16_layers.h"

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

Tensor product(const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias) {
  if (!bias || !linear_pointwise()) return at::linear(x, weight, bias);
  return linear_pointwise()->call(x, weight, bias, "none", c10::List<std::optional<at::Scalar>>(), "");
}

Tensor as_rows(const Tensor& x) {
  return x.reshape({-1, x.size(-1)});
}

struct LinearInBfloat16 : torch::autograd::Function<LinearInBfloat16> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias) {
    const Tensor rows = x.to(at::kBFloat16), matrix = weight.to(at::kBFloat16);
    // Only a weight that trains needs the input again.
    ctx->save_for_backward({weight.requires_grad() ? rows : Tensor(), matrix});
    ctx->saved_data["bias"] = bias.has_value();
    ctx->saved_data["float32_input"] = x.scalar_type() == at::kFloat;
    return product(rows, matrix, bias ? std::make_optional(bias->to(at::kBFloat16)) : bias);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], rows = as_rows(grads[0]);
    Tensor grad_x, grad_weight, grad_bias;
    if (ctx->needs_input_grad(0)) {
      std::vector<std::int64_t> shape = grads[0].sizes().vec();
      shape.back() = weight.size(1);
      grad_x = at::mm(rows, weight).view(shape);
      if (ctx->saved_data["float32_input"].toBool()) grad_x = grad_x.to(at::kFloat);
    }
    if (ctx->needs_input_grad(1)) grad_weight = at::mm(rows.t(), as_rows(x)).to(at::kFloat);
    if (ctx->saved_data["bias"].toBool() && ctx->needs_input_grad(2))
      grad_bias = rows.sum(0, /*keepdim=*/false, at::kFloat);
    return {grad_x, grad_weight, grad_bias};
  }
};

}  // namespace

bool has_bfloat16_instructions() {
#if defined(__x86_64__)
  static const bool found = __builtin_cpu_supports("avx512bf16");
  return found;
#else
  return false;
#endif
}

bool prefers_bfloat16_linear(const Tensor& x, at::ScalarType compute) {
  return compute == at::kBFloat16 && x.is_cpu() && has_bfloat16_instructions();
}

Tensor linear_in_bfloat16(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return LinearInBfloat16::apply(x, weight, bias.defined() ? std::make_optional(bias) : std::nullopt);
}

}  // namespace luvit
