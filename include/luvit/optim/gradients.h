#pragma once
#include <optional>
#include <string>
#include <vector>

#include "luvit/models/module.h"

namespace luvit {

// L2 norm over all gradients, [] on the device: nothing is read back.
at::Tensor gradient_norm(const std::vector<at::Tensor>& parameters);
// torch.nn.utils.clip_grad_norm_ without the read-back.
void clip_gradients(const std::vector<at::Tensor>& parameters, double max_norm, const at::Tensor& norm);

// Loss scaling for float16 (torch.amp.GradScaler's rule: halve on a non-finite gradient, double after 2000 good
// steps), all on the device.
class LossScale {
 public:
  explicit LossScale(bool enabled, double initial = 65536.0);
  void to(at::Device device);
  bool enabled() const { return enabled_; }
  at::Tensor scale(const at::Tensor& loss) const;
  // Divides the gradients by the scale in place and finds out whether any is not finite: [] 0 or 1.
  at::Tensor unscale(const std::vector<at::Tensor>& parameters);
  void update(const at::Tensor& found_inf);
  at::Tensor value() const { return scale_; }  // [] float32
  at::Tensor growth() const { return growth_; } // [] int32
  void load(double scale, std::int64_t growth);

 private:
  bool enabled_;
  at::Tensor scale_, growth_;
};

}  // namespace luvit
