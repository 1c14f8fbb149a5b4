#pragma once

// A function compiled for several generations of x86-64; the loader picks the best (before a sanitizer is ready for
// it). All of this layer is compiled with -ffp-contract=off: each gives the same bits.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LUVIT_FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LUVIT_FOR_EACH_PROCESSOR
#endif
#define LUVIT_INLINE inline __attribute__((always_inline))
