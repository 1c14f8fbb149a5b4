#include "cpu_layers.h"

namespace luvit {

#if defined(__x86_64__)
bool has_vectors() {
  return __builtin_cpu_supports("x86-64-v3");
}
bool has_wide_vectors() {
  return __builtin_cpu_supports("x86-64-v4");
}
bool has_bfloat16_instructions() {
  return __builtin_cpu_supports("avx512bf16");
}
#else
bool has_vectors() {
  return false;
}
bool has_wide_vectors() {
  return false;
}
bool has_bfloat16_instructions() {
  return false;
}
#endif

}  // namespace luvit
