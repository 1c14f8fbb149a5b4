#include "luvit/train/deferred.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace luvit {

Deferred::Deferred(const std::vector<at::Tensor>& values) {
  std::vector<at::Tensor> floats;
  for (const auto& value : values) floats.push_back(value.detach().to(at::kFloat).reshape(-1));
  const at::Tensor stacked = at::cat(floats);
  if (!stacked.is_cuda()) {
    host_ = stacked;
    return;
  }
  host_ = at::empty(stacked.sizes(), at::TensorOptions().dtype(at::kFloat).pinned_memory(true));
  host_.copy_(stacked, /*non_blocking=*/true);
  const c10::impl::VirtualGuardImpl guard(stacked.device().type());
  copied_ = std::make_unique<c10::Event>(stacked.device().type());
  copied_->record(guard.getStream(stacked.device()));
}

std::vector<double> Deferred::read() {
  if (copied_) copied_->synchronize();
  const float* values = host_.const_data_ptr<float>();
  return {values, values + host_.numel()};
}

}  // namespace luvit
