#pragma once

// For functions whose vectors are worth AVX2 where the processor has it. AVX2 does not bring fused multiply-add with
// it, as x86-64-v3 would: results in floating point are the same bits either way, and Pillow's and timm's.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LUVIT_WITH_AVX2 __attribute__((target_clones("avx2", "default")))
#else
#define LUVIT_WITH_AVX2
#endif
