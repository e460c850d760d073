#pragma once
// The register tile and the packing, over a lane type of lanes.h. Included by the file of one instruction set, all linkage internal.
#include "native/trainer/gemm/kernel.h"
#include "native/trainer/math/lanes.h"

namespace millrace::trainer {
namespace {

// Rows x Vectors accumulators, each lane one chain of the rule. Where the tile is low, B's vectors are loaded one by one and A's
// broadcasts stay in registers; where it is tall, the other way round.
template <class F, int Rows, int Vectors, bool DepthMajor>
void tile(int64_t depth, const float* a, int64_t a_step, const float* b, int64_t b_step, float* c, int64_t ldc, bool add) {
  F sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < Vectors; ++v) sum[r][v] = F::set(0.0f);
  for (int64_t k = 0; k < depth; ++k) {
    if constexpr (Rows < Vectors) {
      F x[Rows];
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) x[r] = F::set(DepthMajor ? a[r] : a[r * kGemmBlock]);
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; ++v) {
        const F y = F::load(b + v * F::width);
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) sum[r][v] = fma_(x[r], y, sum[r][v]);
      }
    } else {
      F y[Vectors];
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; ++v) y[v] = F::load(b + v * F::width);
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) {
        const F x = F::set(DepthMajor ? a[r] : a[r * kGemmBlock]);
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v) sum[r][v] = fma_(x, y[v], sum[r][v]);
      }
    }
    a += DepthMajor ? a_step : 1;
    b += b_step;
  }
  if (add) {
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; ++v) sum[r][v] = F::load(c + r * ldc + v * F::width) + sum[r][v];
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < Vectors; ++v) F::store(c + r * ldc + v * F::width, sum[r][v]);
}

template <class F>
float burst(int64_t turns) {
  F sum[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) sum[i] = F::set(static_cast<float>(i));
  const F a = F::set(0.5f), b = F::set(0.25f);
  for (int64_t turn = 0; turn < turns; ++turn)
#pragma GCC unroll 8
    for (int round = 0; round < 8; ++round)
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) sum[i] = fma_(sum[i], a, b);
  F total = sum[0];
  for (int i = 1; i < 8; ++i) total = total + sum[i];
  float lanes[F::width];
  F::store(lanes, total);
  return lanes[0];
}

using TileFunction = void (*)(int64_t, const float*, int64_t, const float*, int64_t, float*, int64_t, bool);

// A tile that hangs over C's right border goes through a buffer.
static inline void run_tile(TileFunction function, int rows, int padded, int64_t depth, const float* a, int64_t a_step, const float* b,
                            int64_t b_step, float* c, int64_t ldc, bool add, int columns) {
  if (columns == padded) return function(depth, a, a_step, b, b_step, c, ldc, add);
  alignas(64) float buffer[16 * 32];
  function(depth, a, a_step, b, b_step, buffer, padded, false);
  for (int r = 0; r < rows; ++r)
    for (int j = 0; j < columns; ++j) {
      const float value = buffer[r * padded + j];
      c[r * ldc + j] = add ? c[r * ldc + j] + value : value;
    }
}

// to[k][j] = from[j][k] for 8 x 8 floats. Halves are joined while loading, which leaves two shuffles a row instead of three.
MILLRACE_LANES void transpose8(const float* from, int64_t stride, float* to, int64_t step) {
  __m256 x[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i)
    x[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from + (i % 4) * stride + (i / 4) * 4)),
                                _mm_loadu_ps(from + (i % 4 + 4) * stride + (i / 4) * 4), 1);
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h) {
    const __m256 a = _mm256_unpacklo_ps(x[4 * h], x[4 * h + 1]), b = _mm256_unpackhi_ps(x[4 * h], x[4 * h + 1]);
    const __m256 c = _mm256_unpacklo_ps(x[4 * h + 2], x[4 * h + 3]), d = _mm256_unpackhi_ps(x[4 * h + 2], x[4 * h + 3]);
    _mm256_storeu_ps(to + (4 * h) * step, _mm256_shuffle_ps(a, c, 0x44));
    _mm256_storeu_ps(to + (4 * h + 1) * step, _mm256_shuffle_ps(a, c, 0xee));
    _mm256_storeu_ps(to + (4 * h + 2) * step, _mm256_shuffle_ps(b, d, 0x44));
    _mm256_storeu_ps(to + (4 * h + 3) * step, _mm256_shuffle_ps(b, d, 0xee));
  }
}

template <class F>
void pack_b(bool transposed, int64_t depth, int columns, int padded, const float* B, int64_t ldb, float* to) {
  if (!transposed && columns == padded) {
    for (int64_t k = 0; k < depth; ++k)
      for (int j = 0; j < columns; j += F::width) F::store(to + k * padded + j, F::load(B + k * ldb + j));
    return;
  }
  const int whole = transposed ? columns / 8 * 8 : 0;
  const int64_t whole_depth = depth / 8 * 8;
  // Sixteen k at a time: a whole cache line of B's row, once.
  for (int64_t k = 0; k < whole_depth; k += 16)
    for (int j = 0; j < whole; j += 8) {
      transpose8(B + j * ldb + k, ldb, to + k * padded + j, padded);
      if (k + 8 < whole_depth) transpose8(B + j * ldb + k + 8, ldb, to + (k + 8) * padded + j, padded);
    }
  for (int64_t k = whole_depth; k < depth; ++k)
    for (int j = 0; j < whole; ++j) to[k * padded + j] = B[j * ldb + k];
  for (int64_t k = 0; k < depth; ++k)
    for (int j = whole; j < padded; ++j) to[k * padded + j] = j < columns ? (transposed ? B[j * ldb + k] : B[k * ldb + j]) : 0.0f;
}

}  // namespace
}  // namespace millrace::trainer
