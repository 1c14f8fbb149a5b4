#pragma once
#include "luvit/eval/inference_model.h"
#include "luvit/io/safetensors.h"

namespace luvit {

// Outputs of all batches put together, each tensor allocated once at its whole size.
class Collected {
 public:
  Collected(Outputs emit, std::int64_t images) : emit_(std::move(emit)), images_(images) {}
  void add(const Shown& shown, std::int64_t first);
  NamedTensors tensors() const;

 private:
  void put(const std::string& name, const at::Tensor& rows, std::int64_t first);
  Outputs emit_;
  std::int64_t images_;
  Shown whole_;
  double error_ = 0, masked_ = 0;  // sums over masked patches
};

}  // namespace luvit
