#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace luvit {

// All of these leave their results on the device: nothing is read back. Parameters without a gradient are passed over.

// L2 norm over all gradients, [].
at::Tensor gradient_norm(const std::vector<at::Tensor>& parameters);

// torch.nn.utils.clip_grad_norm_ with the norm already known: gradients × min(1, max_norm / (norm + 1e-6)).
void clip_gradients(const std::vector<at::Tensor>& parameters, double max_norm, const at::Tensor& norm);

// [] float32: 1 if any of these scalars (a loss, a gradient norm) is not finite, else 0. AdamW::step and
// LossScale::update take it as found_inf.
at::Tensor any_non_finite(const std::vector<at::Tensor>& scalars);

// Loss scaling for float16 (torch.amp.GradScaler's rule: halve on a non-finite gradient, double after 2000 good
// steps in a row). Disabled, it hands everything through.
class LossScale {
 public:
  explicit LossScale(bool enabled, double initial = 65536.0);
  void to(at::Device device);
  bool enabled() const { return enabled_; }
  at::Tensor scale(const at::Tensor& loss) const;
  // Divides the gradients by the scale in place; [] float32: 1 if any is not finite. Disabled: undefined.
  at::Tensor unscale(const std::vector<at::Tensor>& parameters);
  void update(const at::Tensor& found_inf);
  at::Tensor value() const { return scale_; }    // [] float32
  at::Tensor growth() const { return growth_; }  // [] int32, good steps since the last change
  void load(double scale, std::int64_t growth);

 private:
  bool enabled_;
  at::Tensor scale_, growth_;
};

}  // namespace luvit
