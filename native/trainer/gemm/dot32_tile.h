#pragma once
// The dot32 rule in fused multiply-adds, over a lane type of lanes.h: operands are widened to float while they are packed, so a product of
// two is exact and the two chains of a block are two sets of accumulators. Included by the file of one instruction set, all linkage internal.
// The caller has set flush-to-zero and denormals-are-zero.
#include "native/trainer/gemm/dot32_widen.h"
#include "native/trainer/gemm/tile.h"

namespace millrace::trainer {
namespace {

// to[k][Width], k up to an even depth; from rows of 256 in `rows`, or straight from a matrix that is stored so.
template <class F, int Width>
void pack_depth_major(bool across, int width, int64_t depth, Operand from, int64_t stride, float* to) {
  const int64_t even = (depth + 1) / 2 * 2;
  if (!across) {
    for (int64_t k = 0; k < depth; ++k) {
      widen_row<F>(moved(from, k * stride), width, to + k * Width);
      for (int j = width; j < Width; ++j) to[k * Width + j] = 0;
    }
  } else {
    alignas(64) float rows[8 * kDot32Depth];
    for (int first = 0; first < Width; first += 8) {
      const int n = width - first < 8 ? width - first : 8;
      for (int j = 0; j < 8 && first + j < Width; ++j) {
        if (j < n) widen_row<F>(moved(from, (first + j) * stride), depth, rows + j * kDot32Depth);
        else for (int64_t k = 0; k < depth; ++k) rows[j * kDot32Depth + k] = 0;
      }
      const int64_t whole = Width - first >= 8 ? depth / 8 * 8 : 0;
      for (int64_t k = 0; k < whole; k += 8) transpose8(rows + k, kDot32Depth, to + k * Width + first, Width);
      for (int64_t k = whole; k < depth; ++k)
        for (int j = 0; j < 8 && first + j < Width; ++j) to[k * Width + first + j] = rows[j * kDot32Depth + k];
    }
  }
  for (int64_t k = depth; k < even; ++k)
    for (int j = 0; j < Width; ++j) to[k * Width + j] = 0;
}

// Rows x Vectors elements of C, each with two chains.
template <class F, int Rows, int Vectors, int Step>
void dot32_tile(int64_t depth, const float* a, const float* b, float* c, int64_t ldc, bool add) {
  for (int64_t from = 0; from < depth; from += kDot32, add = true) {
    const int64_t left = depth - from, pairs = (left < kDot32 ? left + 1 : kDot32) / 2;
    F even[Rows][Vectors], odd[Rows][Vectors];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) even[r][v] = odd[r][v] = F::set(0.0f);
    for (int64_t i = 0; i < pairs; ++i) {
      F y[Vectors];
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) y[v] = F::load(b + v * F::width);
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
        const F x = F::set(a[r]);
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) even[r][v] = fma_(x, y[v], even[r][v]);
      }
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) y[v] = F::load(b + (Vectors + v) * F::width);
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r) {
        const F x = F::set(a[Step + r]);
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) odd[r][v] = fma_(x, y[v], odd[r][v]);
      }
      a += 2 * Step;
      b += 2 * Vectors * F::width;
    }
    // A short block is filled up with +0: products of nothing, which only turn a chain's -0 into +0.
    const F zero = F::set(0.0f);
    const bool filled = left < kDot32;
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) {
        float* at = c + r * ldc + v * F::width;
        const F sum = filled ? (even[r][v] + zero) + (odd[r][v] + zero) : even[r][v] + odd[r][v];
        F::store(at, (add ? F::load(at) : zero) + sum);
      }
  }
}

}  // namespace
}  // namespace millrace::trainer
