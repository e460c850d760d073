// The dot32 tile over 16 x 16 tile registers, and its packing: A in rows of 32 k, B with its pairs of k side by side, both bfloat16. Whoever
// includes it says what a tile instruction is: AMX's (dot32_amx_avx512.cc), or their definition in plain loops (dot32_test.cc).
#pragma once
#include <cstring>

#include "native/trainer/gemm/dot32_widen.h"

namespace millrace::trainer {
namespace {

constexpr int kSide = 32;

// Where the value at row or column j and k of a packed tile lies, in 16-bit units.
int64_t at_a(int j, int64_t k) { return k / 32 * (kSide * 32) + j * 32 + k % 32; }
int64_t at_b(int j, int64_t k) { return k / 32 * (kSide * 32) + j / 16 * 512 + k % 32 / 2 * 32 + j % 16 * 2 + k % 2; }

template <int64_t (*place)(int, int64_t)>
void pack(bool across, int width, int64_t depth, Operand from, int64_t stride, void* to) {
  auto* out = static_cast<uint16_t*>(to);
  const int64_t whole = (depth + kDot32 - 1) / kDot32 * kDot32;
  std::memset(out, 0, static_cast<size_t>(whole * kSide) * 2);
  alignas(64) float row[kDot32Depth];
  if (across)
    for (int j = 0; j < width; ++j) {
      widen_row<MILLRACE_AMX_LANES>(moved(from, j * stride), depth, row);
      for (int64_t k = 0; k < depth; ++k) narrow(out + place(j, k), Float1{row[k]});
    }
  else
    for (int64_t k = 0; k < depth; ++k) {
      widen_row<MILLRACE_AMX_LANES>(moved(from, k * stride), width, row);
      for (int j = 0; j < width; ++j) narrow(out + place(j, k), Float1{row[j]});
    }
}

void pack_a(bool transposed, int rows, int64_t depth, Operand A, int64_t lda, void* to) { pack<at_a>(!transposed, rows, depth, A, lda, to); }
void pack_b(bool transposed, int columns, int64_t depth, Operand B, int64_t ldb, void* to) { pack<at_b>(transposed, columns, depth, B, ldb, to); }

MILLRACE_AMX void run(int, int64_t depth, const void* a, const void* b, float* c, int64_t ldc, bool add) {
  const auto *x = static_cast<const uint16_t*>(a), *y = static_cast<const uint16_t*>(b);
  const int64_t stride = ldc * 4;
  if (add) {
    TILE_LOAD(0, c, stride); TILE_LOAD(1, c + 16, stride);
    TILE_LOAD(2, c + 16 * ldc, stride); TILE_LOAD(3, c + 16 * ldc + 16, stride);
  } else {
    TILE_ZERO(0); TILE_ZERO(1); TILE_ZERO(2); TILE_ZERO(3);
  }
  for (int64_t k = 0; k < depth; k += kDot32, x += kSide * 32, y += kSide * 32) {
    TILE_LOAD(4, x, 64); TILE_LOAD(5, x + 16 * 32, 64);
    TILE_LOAD(6, y, 64); TILE_LOAD(7, y + 512, 64);
    TILE_DOT(0, 4, 6); TILE_DOT(1, 4, 7);
    TILE_DOT(2, 5, 6); TILE_DOT(3, 5, 7);
  }
  TILE_STORE(0, c, stride); TILE_STORE(1, c + 16, stride);
  TILE_STORE(2, c + 16 * ldc, stride); TILE_STORE(3, c + 16 * ldc + 16, stride);
}

}  // namespace
}  // namespace millrace::trainer
