#pragma once
#include <cstdint>

namespace millrace::trainer {

// The loops of array.h over float, one set an instruction set.
struct ArrayKernels {
  void (*exp)(const float* x, float* y, int64_t n);
  void (*log)(const float* x, float* y, int64_t n);
  void (*sigmoid)(const float* x, float* y, int64_t n);
  void (*silu)(const float* x, float* y, int64_t n);
};

extern const ArrayKernels array_kernels_avx2;
extern const ArrayKernels array_kernels_avx512;

}  // namespace millrace::trainer
