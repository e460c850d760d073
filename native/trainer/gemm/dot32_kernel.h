#pragma once
#include <cstdint>

#include "native/trainer/gemm/dot32.h"

namespace millrace::trainer {

inline constexpr int64_t kDot32 = 32;            // k per block: part of the numerics
inline constexpr int64_t kDot32Depth = 256;      // k packed at a time: a multiple of the block
inline constexpr int64_t kDot32Tile = 32;        // rows and columns of a tile are at most this

// One instruction set's part of dot32.cc. Packed operands are the kernel's own business: `a_bytes` and `b_bytes` for one tile's worth of 256 k.
struct Dot32Kernel {
  int rows, columns;
  int64_t a_bytes, b_bytes;
  // `rows` (columns) of op(A) (op(B)) from `from` on, depth <= 256; what is missing to a whole tile or block becomes +0.
  void (*pack_a)(bool transposed, int rows, int64_t depth, Operand A, int64_t lda, void* to);
  void (*pack_b)(bool transposed, int columns, int64_t depth, Operand B, int64_t ldb, void* to);
  // c[rows, columns] = (add ? c : 0) + blocks. c has room for the whole tile, floats behind rows and columns may be overwritten.
  void (*tile)(int rows, int64_t depth, const void* a, const void* b, float* c, int64_t ldc, bool add);
};

extern const Dot32Kernel dot32_kernel_avx2;
extern const Dot32Kernel dot32_kernel_avx512;
extern const Dot32Kernel dot32_kernel_amx;  // call dot32_amx_begin and _end around it, on the thread that uses it

void dot32_amx_begin();
void dot32_amx_end();

}  // namespace millrace::trainer
