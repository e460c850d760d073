// AVX-512: two tiles of 7 x 32 with two chains, 28 accumulators.
// GCC 12's _mm512_undefined_epi32 (inside the shift intrinsics) warns about itself.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include "native/trainer/gemm/dot32_tile.h"

namespace millrace::trainer {
namespace {

constexpr int kTall = 14, kWide = 32;

void pack_a(bool transposed, int rows, int64_t depth, Operand A, int64_t lda, void* to) {
  pack_depth_major<Float16, 16>(!transposed, rows, depth, A, lda, static_cast<float*>(to));
}

void pack_b(bool transposed, int columns, int64_t depth, Operand B, int64_t ldb, void* to) {
  pack_depth_major<Float16, kWide>(transposed, columns, depth, B, ldb, static_cast<float*>(to));
}

void run(int rows, int64_t depth, const void* a, const void* b, float* c, int64_t ldc, bool add) {
  constexpr void (*table[kTall / 2])(int64_t, const float*, const float*, float*, int64_t, bool) = {
      dot32_tile<Float16, 1, 2, 16>, dot32_tile<Float16, 2, 2, 16>, dot32_tile<Float16, 3, 2, 16>, dot32_tile<Float16, 4, 2, 16>,
      dot32_tile<Float16, 5, 2, 16>, dot32_tile<Float16, 6, 2, 16>, dot32_tile<Float16, 7, 2, 16>};
  const auto *x = static_cast<const float*>(a), *y = static_cast<const float*>(b);
  const int high = rows > kTall / 2 ? kTall / 2 : rows;
  table[high - 1](depth, x, y, c, ldc, add);
  if (rows > high) table[rows - high - 1](depth, x + high, y, c + high * ldc, ldc, add);
}

}  // namespace

extern const Dot32Kernel dot32_kernel_avx512 = {kTall, kWide, 16 * kDot32Depth * 4, kWide * kDot32Depth * 4, pack_a, pack_b, run};

}  // namespace millrace::trainer
