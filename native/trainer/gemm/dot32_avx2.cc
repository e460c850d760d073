// AVX2: two tiles of 3 x 16 with two chains, twelve accumulators.
#include "native/trainer/gemm/dot32_tile.h"

namespace millrace::trainer {
namespace {

constexpr int kTall = 6, kWide = 16;

void pack_a(bool transposed, int rows, int64_t depth, Operand A, int64_t lda, void* to) {
  pack_depth_major<Float8, 8>(!transposed, rows, depth, A, lda, static_cast<float*>(to));
}

void pack_b(bool transposed, int columns, int64_t depth, Operand B, int64_t ldb, void* to) {
  pack_depth_major<Float8, kWide>(transposed, columns, depth, B, ldb, static_cast<float*>(to));
}

void run(int rows, int64_t depth, const void* a, const void* b, float* c, int64_t ldc, bool add) {
  constexpr void (*table[kTall / 2])(int64_t, const float*, const float*, float*, int64_t, bool) = {
      dot32_tile<Float8, 1, 2, 8>, dot32_tile<Float8, 2, 2, 8>, dot32_tile<Float8, 3, 2, 8>};
  const auto *x = static_cast<const float*>(a), *y = static_cast<const float*>(b);
  const int high = rows > kTall / 2 ? kTall / 2 : rows;
  table[high - 1](depth, x, y, c, ldc, add);
  if (rows > high) table[rows - high - 1](depth, x + high, y, c + high * ldc, ldc, add);
}

}  // namespace

extern const Dot32Kernel dot32_kernel_avx2 = {kTall, kWide, 8 * kDot32Depth * 4, kWide * kDot32Depth * 4, pack_a, pack_b, run};

}  // namespace millrace::trainer
