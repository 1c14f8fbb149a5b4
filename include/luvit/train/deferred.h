#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <memory>
#include <vector>

namespace luvit {

// A few numbers of a step on their way from the device to the host. The copy is queued behind the step; reading
// waits for it alone, so a loop that reads one step late never holds the device up.
class Deferred {
 public:
  // Tensors on one device; their elements, one after another, as float32.
  explicit Deferred(const std::vector<at::Tensor>& values);
  std::vector<double> read();

 private:
  at::Tensor host_;
  std::unique_ptr<c10::Event> copied_;
};

}  // namespace luvit
