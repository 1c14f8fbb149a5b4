#pragma once
#include <ATen/core/Tensor.h>

#include <string_view>

namespace luvit {

// A type that both safetensors and LibTorch have.
struct SafetensorsType {
  std::string_view name;  // in the header: "BF16"
  at::ScalarType type;
};

const SafetensorsType* find_safetensors_type(std::string_view name);  // nullptr: none of that name
const SafetensorsType* find_safetensors_type(at::ScalarType type);
// The reference library writes tensors of a higher place first (widest types first), then by name.
int place_in_file(at::ScalarType type);

}  // namespace luvit
