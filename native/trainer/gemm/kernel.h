#pragma once
#include <cstdint>

#include "native/trainer/gemm/reference.h"

namespace millrace::trainer {

// What one instruction set gives to the driver in gemm.cc. A tile is `rows` x `vectors` registers of accumulators; its operands are
//   a  row-major with 256 floats from row to row (packed from A), or depth-major with a_step floats from k to k (from A transposed)
//   b  a panel of vectors * width columns, b_step floats from k to k
struct GemmKernel {
  int rows;   // the tallest tile
  int width;  // floats in a register
  int step;   // floats from k to k of a packed depth-major tile: at least the tallest tile

  // Registers across for tiles of that many rows: enough independent chains to hide the latency of an FMA.
  int (*vectors)(int64_t rows);

  // C tile = (or +=) chain over depth <= 256. Writes the first `columns` columns.
  void (*tile)(int rows, int vectors, bool depth_major, int64_t depth, const float* a, int64_t a_step, const float* b, int64_t b_step,
               float* c, int64_t ldc, bool add, int columns);

  // 2 · 8 · 8 · width · turns operations in chains that live in registers: what the arithmetic alone can do. Returns something of them.
  float (*burst)(int64_t turns);

  // to[depth][columns rounded up to `padded`] = the panel, zeros behind; from B [depth, columns], or [columns, depth] if transposed.
  void (*pack_b)(bool transposed, int64_t depth, int columns, int padded, const float* B, int64_t ldb, float* to);
};

extern const GemmKernel gemm_kernel_avx2;
extern const GemmKernel gemm_kernel_avx512;

}  // namespace millrace::trainer
