#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "cpu_activations.h"
#include "cpu_layers.h"

namespace luvit {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct NormToBfloat16 : torch::autograd::Function<NormToBfloat16> {
  static Tensor forward(AutogradContext* ctx, const Tensor& input, const Tensor& weight, const Tensor& bias,
                        double eps) {
    const Tensor x = input.contiguous();
    const auto width = x.size(-1), rows = x.numel() / width;
    const Tensor y = at::empty(x.sizes(), x.options().dtype(at::kBFloat16));
    const Tensor mean = at::empty({rows}, x.options()), inverse = at::empty({rows}, x.options());
    over_pieces(rows, [&](std::int64_t, std::int64_t first, std::int64_t last) {
      norm_forward({x.const_data_ptr<float>(), first, last, width}, weight.const_data_ptr<float>(),
                   bias.const_data_ptr<float>(), static_cast<float>(eps), bits(y), mean.mutable_data_ptr<float>(),
                   inverse.mutable_data_ptr<float>());
    });
    ctx->save_for_backward({x, weight, mean, inverse});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3];
    const Tensor grad = grads[0].contiguous();
    const auto width = x.size(-1), rows = x.numel() / width, pieces = std::int64_t{at::get_num_threads()};
    const Tensor grad_x = at::empty_like(x), sums = at::zeros({pieces, 2, width}, x.options());
    over_pieces(rows, [&](std::int64_t piece, std::int64_t first, std::int64_t last) {
      float* own = sums.mutable_data_ptr<float>() + piece * 2 * width;
      norm_backward({x.const_data_ptr<float>(), first, last, width}, bits(grad), weight.const_data_ptr<float>(),
                    mean.const_data_ptr<float>(), inverse.const_data_ptr<float>(), grad_x.mutable_data_ptr<float>(),
                    own, own + width);
    });
    const Tensor totals = sums.sum(0);
    return {grad_x, totals[0], totals[1], Tensor()};
  }
};

}  // namespace

bool prefers_bfloat16_norm(const Tensor& x, std::optional<at::ScalarType> compute) {
  return compute == at::kBFloat16 && x.is_cpu() && x.scalar_type() == at::kFloat && x.size(-1) % kernel_width == 0 &&
         has_vectors();
}

Tensor layer_norm_to_bfloat16(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  return NormToBfloat16::apply(x, weight, bias, eps);
}

}  // namespace luvit
