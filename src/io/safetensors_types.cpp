#include "safetensors_types.h"

#include <array>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/safetensors.h"

namespace luvit {
namespace {

// In the order of the reference library's files (safetensors 0.8.0, `Dtype`, from its last to its first). F4 is
// left out: its shapes count half bytes, LibTorch's whole ones.
constexpr std::array<SafetensorsType, 19> types = {{{"U64", at::kUInt64},
                                                    {"I64", at::kLong},
                                                    {"F64", at::kDouble},
                                                    {"C64", at::kComplexFloat},
                                                    {"F32", at::kFloat},
                                                    {"U32", at::kUInt32},
                                                    {"I32", at::kInt},
                                                    {"BF16", at::kBFloat16},
                                                    {"F16", at::kHalf},
                                                    {"U16", at::kUInt16},
                                                    {"I16", at::kShort},
                                                    {"F8_E5M2FNUZ", at::kFloat8_e5m2fnuz},
                                                    {"F8_E4M3FNUZ", at::kFloat8_e4m3fnuz},
                                                    {"F8_E8M0", at::kFloat8_e8m0fnu},
                                                    {"F8_E4M3", at::kFloat8_e4m3fn},
                                                    {"F8_E5M2", at::kFloat8_e5m2},
                                                    {"I8", at::kChar},
                                                    {"U8", at::kByte},
                                                    {"BOOL", at::kBool}}};

}  // namespace

const SafetensorsType* find_safetensors_type(std::string_view name) {
  for (const SafetensorsType& t : types)
    if (t.name == name) return &t;
  return nullptr;
}

const SafetensorsType* find_safetensors_type(at::ScalarType type) {
  for (const SafetensorsType& t : types)
    if (t.type == type) return &t;
  return nullptr;
}

int place_in_file(at::ScalarType type) {
  return static_cast<int>(types.end() - find_safetensors_type(type));
}

std::string dtype_name(at::ScalarType type) {
  const SafetensorsType* known = find_safetensors_type(type);
  return known ? std::string(known->name) : std::string(at::toString(type));
}

at::ScalarType dtype_of_name(const std::string& name) {
  const SafetensorsType* known = find_safetensors_type(name);
  if (!known) throw DataError(str("'", name, "' is no tensor type; expected F32, BF16, F16, …"));
  return known->type;
}

}  // namespace luvit
