#include "collected.h"

#include <ATen/ATen.h>

namespace luvit {

void Collected::put(const std::string& name, const at::Tensor& rows, std::int64_t first) {
  at::Tensor& whole = whole_[name];
  if (!whole.defined()) {
    std::vector<std::int64_t> shape = rows.sizes().vec();
    shape[0] = images_;
    whole = at::empty(shape, at::kFloat);
  }
  whole.narrow(0, first, rows.size(0)).copy_(rows);
}

void Collected::add(const Shown& shown, std::int64_t first) {
  for (const std::string& output : emit_) {
    if (output != "mae") {
      put(output, shown.at(output), first);
      continue;
    }
    const double masked = shown.at("mask").sum(at::kDouble).item<double>();
    error_ += shown.at("loss").item<double>() * masked;
    masked_ += masked;
    put("pred", shown.at("pred"), first);
    put("mask", shown.at("mask"), first);
  }
}

NamedTensors Collected::tensors() const {
  NamedTensors tensors(whole_.begin(), whole_.end());
  if (emit_.count("mae")) tensors.emplace_back("loss", at::scalar_tensor(error_ / masked_, at::kFloat));
  return tensors;
}

}  // namespace luvit
