// AVX2: tiles of at most 12 accumulators, 6 x 16 where there are rows enough.
#include "native/trainer/gemm/tile.h"

namespace millrace::trainer {
namespace {

#define ROW(rows, vectors) {tile<Float8, rows, vectors, false>, tile<Float8, rows, vectors, true>}
constexpr TileFunction one_vector[6][2] = {ROW(1, 1), ROW(2, 1), ROW(3, 1), ROW(4, 1), ROW(5, 1), ROW(6, 1)};
constexpr TileFunction two_vectors[6][2] = {ROW(1, 2), ROW(2, 2), ROW(3, 2), ROW(4, 2), ROW(5, 2), ROW(6, 2)};
constexpr TileFunction four_vectors[3][2] = {ROW(1, 4), ROW(2, 4), ROW(3, 4)};
constexpr TileFunction eight_vectors[1][2] = {ROW(1, 8)};
#undef ROW

int vectors(int64_t rows) { return rows <= 1 ? 8 : rows <= 3 ? 4 : 2; }

void run(int rows, int vectors, bool depth_major, int64_t depth, const float* a, int64_t a_step, const float* b, int64_t b_step, float* c,
         int64_t ldc, bool add, int columns) {
  const TileFunction(*table)[2] = vectors == 1 ? one_vector : vectors == 2 ? two_vectors : vectors == 4 ? four_vectors : eight_vectors;
  run_tile(table[rows - 1][depth_major], rows, vectors * 8, depth, a, a_step, b, b_step, c, ldc, add, columns);
}

}  // namespace

extern const GemmKernel gemm_kernel_avx2 = {6, 8, 8, vectors, run, burst<Float8>, pack_b<Float8>};

}  // namespace millrace::trainer
