#pragma once
#include <cstddef>
#include <cstdint>

#include "native/trainer/math/bf16.h"

namespace millrace::trainer {

// Elements of a matrix: bfloat16, or float that a product rounds to bfloat16 (nearest, ties to even) when it reads it.
struct Operand {
  const void* data;
  bool narrow;
  Operand(const float* x) : data(x), narrow(false) {}
  Operand(const Bf16* x) : data(x), narrow(true) {}
  Operand at(int64_t i) const {
    return narrow ? Operand(static_cast<const Bf16*>(data) + i) : Operand(static_cast<const float*>(data) + i);
  }
};

// gemm.h's product on bfloat16 operands by the rule of AMX's TDPBF16PS (Intel SDM), the "dot32" rule of docs/numerics.md, 9:
//
//   k is cut into blocks of 32 counted from 0; the last is filled up with +0.
//   A block is two chains from +0, acc = fma(a, b, acc): over its even k and over its odd k, both ascending.
//   Their sum is added to C's element, block after block. Without `accumulate` an element starts from +0.
//   Round to nearest even; denormals are read as zero and not made (FTZ and DAZ), whatever MXCSR says.
//
// The float version writes or adds to C. The other one keeps the sums in float and rounds each element once, at the end.
// The same bits on tile registers, AVX-512, AVX2 and scalar, on any number of threads; an element depends on its row and column alone.
void gemm_dot32(bool transA, bool transB, int64_t M, int64_t N, int64_t K, Operand A, int64_t lda, Operand B, int64_t ldb, float* C, int64_t ldc,
                bool accumulate, int threads);
void gemm_dot32(bool transA, bool transB, int64_t M, int64_t N, int64_t K, Operand A, int64_t lda, Operand B, int64_t ldb, Bf16* C, int64_t ldc,
                int threads);

// Whether the processor has AMX's bfloat16 tiles and the system grants them to this process. MILLRACE_AMX=0 declines. set_amx chooses, where granted.
bool amx_granted();
bool active_amx();
void set_amx(bool on);

}  // namespace millrace::trainer
