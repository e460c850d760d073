// The driver: cuts C into tasks for threads and tiles for registers. Nothing here can change a bit, because every element of C is a sum
// of its own chains and each chain is computed whole by one tile.
// Loops as in Goto & van de Geijn 2008 ("Anatomy of high-performance matrix multiplication"): a block of B's panels (k 256 x 512
// columns) is packed, then blocks of A's rows, then each tile meets each panel.
#include "native/trainer/gemm/gemm.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "native/base/cpu.h"
#include "native/base/parallel.h"
#include "native/trainer/gemm/kernel.h"

namespace millrace::trainer {
namespace {

constexpr int64_t kColumns = 512;                // of B packed at a time: 512 KiB
constexpr int64_t kRows = 224;                   // of A packed at a time: 224 KiB
constexpr int64_t kSerial = int64_t{1} << 23;    // multiply-adds below which waking a thread costs more than it saves

// A thread's packing buffers, kept for its next call.
struct Scratch {
  float* a = nullptr;
  float* b = nullptr;
  bool reserve() {
    if (!a) a = static_cast<float*>(std::aligned_alloc(64, sizeof(float) * kRows * 2 * kGemmBlock));
    if (!b) b = static_cast<float*>(std::aligned_alloc(64, sizeof(float) * kColumns * kGemmBlock));
    return a && b;
  }
  ~Scratch() {
    std::free(a);
    std::free(b);
  }
};
thread_local Scratch scratch;

struct Problem {
  bool transA, transB;
  int64_t M, N, K;
  const float* A;
  int64_t lda;
  const float* B;
  int64_t ldb;
  float* C;
  int64_t ldc;
  bool accumulate;

  Problem part(int64_t row, int64_t rows, int64_t column, int64_t columns) const {
    Problem p = *this;
    p.M = rows, p.N = columns;
    p.A += transA ? row : row * lda;
    p.B += transB ? column * ldb : column;
    p.C += row * ldc + column;
    return p;
  }
};

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Copies rows x depth of op(A) so that a tile reads it at constant strides: rows of 256, or depth-major where A is stored so.
void pack_a(const GemmKernel& kernel, const Problem& p, int64_t row, int64_t rows, int64_t from, int64_t depth, float* to) {
  if (p.transA)
    for (int64_t k = 0; k < depth; ++k) std::memcpy(to + k * kernel.step, p.A + (from + k) * p.lda + row, sizeof(float) * rows);
  else
    for (int64_t r = 0; r < rows; ++r) std::memcpy(to + r * kGemmBlock, p.A + (row + r) * p.lda + from, sizeof(float) * depth);
}

struct Panel {
  const float* b;
  int64_t step;
  int vectors;
};

void serial(const GemmKernel& kernel, const Problem& p) {
  if (!scratch.reserve())
    return gemm_reference(p.transA, p.transB, p.M, p.N, p.K, p.A, p.lda, p.B, p.ldb, p.C, p.ldc, p.accumulate);
  // Rows are dealt out evenly, so that no tile is too low to be fast.
  const int64_t tiles = ceil_div(p.M, kernel.rows), low = p.M / tiles, high_tiles = p.M % tiles;
  const auto first_row = [&](int64_t tile) { return tile * low + (tile < high_tiles ? tile : high_tiles); };
  const int64_t group = kRows / kernel.rows;
  const int64_t tile_floats = kGemmBlock * kernel.step;
  const int vectors = kernel.vectors(low + (high_tiles ? 1 : 0));
  const int64_t panel_columns = static_cast<int64_t>(vectors) * kernel.width;
  const bool direct = !p.transB && tiles == 1;  // B is read once: packing would only copy it

  for (int64_t column = 0; column < p.N; column += kColumns) {
    const int64_t columns = p.N - column < kColumns ? p.N - column : kColumns;
    const int64_t panels = ceil_div(columns, panel_columns);
    Panel panel[kColumns / 8];
    for (int64_t from = 0; from < p.K; from += kGemmBlock) {
      const int64_t depth = p.K - from < kGemmBlock ? p.K - from : kGemmBlock;
      const bool add = p.accumulate || from > 0;
      for (int64_t j = 0; j < panels; ++j) {
        const int64_t left = columns - j * panel_columns;
        int width = vectors;
        while (width > 1 && left <= static_cast<int64_t>(width / 2) * kernel.width) width /= 2;
        const int64_t padded = static_cast<int64_t>(width) * kernel.width;
        const float* B = p.B + (p.transB ? (column + j * panel_columns) * p.ldb + from : from * p.ldb + column + j * panel_columns);
        if (direct && left >= padded) {
          panel[j] = {B, p.ldb, width};
        } else {
          float* to = scratch.b + j * panel_columns * kGemmBlock;
          kernel.pack_b(p.transB, depth, static_cast<int>(left < padded ? left : padded), static_cast<int>(padded), B, p.ldb, to);
          panel[j] = {to, padded, width};
        }
      }
      for (int64_t tile = 0; tile < tiles; tile += group) {
        const int64_t end = tile + group < tiles ? tile + group : tiles;
        for (int64_t t = tile; t < end; ++t)
          pack_a(kernel, p, first_row(t), first_row(t + 1) - first_row(t), from, depth, scratch.a + (t - tile) * tile_floats);
        for (int64_t t = tile; t < end; ++t)
          for (int64_t j = 0; j < panels; ++j) {
            const int64_t left = columns - j * panel_columns, padded = static_cast<int64_t>(panel[j].vectors) * kernel.width;
            const int64_t row = first_row(t);
            kernel.tile(static_cast<int>(first_row(t + 1) - row), panel[j].vectors, p.transA, depth, scratch.a + (t - tile) * tile_floats,
                        kernel.step, panel[j].b, panel[j].step, p.C + row * p.ldc + column + j * panel_columns, p.ldc, add,
                        static_cast<int>(left < padded ? left : padded));
          }
      }
    }
  }
}

// A grid of tasks, two a thread so that a disturbed core holds nobody up, shaped for the least packing: every task packs its own
// rows of A and columns of B.
void parallel(const GemmKernel& kernel, const Problem& p, int threads) {
  if (threads <= 1 || p.M * p.N * p.K < kSerial) return serial(kernel, p);
  const int64_t unit = 2 * kernel.width, across = ceil_div(p.N, unit), down = ceil_div(p.M, kernel.rows);
  const int64_t wanted = 2 * static_cast<int64_t>(threads);
  int64_t best_rows = 1, best_columns = 1, best_cost = -1;
  for (int64_t r = 1; r <= wanted && r <= down; ++r) {
    const int64_t c = ceil_div(wanted, r) < across ? ceil_div(wanted, r) : across;
    const int64_t missing = wanted - r * c > 0 ? wanted - r * c : 0;
    const int64_t cost = p.M * c + p.N * r + missing * (p.M + p.N);
    if (best_cost < 0 || cost < best_cost) best_rows = r, best_columns = c, best_cost = cost;
  }
  parallel_for(static_cast<size_t>(best_rows * best_columns), threads, [&](size_t task) {
    const int64_t r = static_cast<int64_t>(task) / best_columns, c = static_cast<int64_t>(task) % best_columns;
    const int64_t row = p.M * r / best_rows, row_end = p.M * (r + 1) / best_rows;
    const int64_t column = across * c / best_columns * unit, column_end = across * (c + 1) / best_columns * unit;
    serial(kernel, p.part(row, row_end - row, column, (column_end < p.N ? column_end : p.N) - column));
  });
}

// Few columns leave most lanes idle. Then C' = op(B)' · op(A)' into a buffer: the same chains (a product commutes), M across the lanes.
bool narrow(const GemmKernel& kernel, const Problem& p, int threads) {
  if (2 * p.N > kernel.width || p.M < kernel.width) return false;
  auto* turned = static_cast<float*>(std::malloc(sizeof(float) * static_cast<size_t>(p.M * p.N)));
  if (!turned) return false;
  if (p.accumulate)
    for (int64_t i = 0; i < p.M; ++i)
      for (int64_t j = 0; j < p.N; ++j) turned[j * p.M + i] = p.C[i * p.ldc + j];
  parallel(kernel, {!p.transB, !p.transA, p.N, p.M, p.K, p.B, p.ldb, p.A, p.lda, turned, p.M, p.accumulate}, threads);
  for (int64_t i = 0; i < p.M; ++i)
    for (int64_t j = 0; j < p.N; ++j) p.C[i * p.ldc + j] = turned[j * p.M + i];
  std::free(turned);
  return true;
}

}  // namespace

void gemm(bool transA, bool transB, int64_t M, int64_t N, int64_t K, const float* A, int64_t lda, const float* B, int64_t ldb, float* C,
          int64_t ldc, bool accumulate, int threads) {
  if (M <= 0 || N <= 0) return;
  const Isa isa = active_isa();
  if (isa == Isa::scalar || K <= 0) return gemm_reference(transA, transB, M, N, K, A, lda, B, ldb, C, ldc, accumulate);
  const GemmKernel& kernel = isa == Isa::avx512 ? gemm_kernel_avx512 : gemm_kernel_avx2;
  const Problem problem = {transA, transB, M, N, K, A, lda, B, ldb, C, ldc, accumulate};
  if (!narrow(kernel, problem, threads)) parallel(kernel, problem, threads);
}

double fma_burst(int64_t turns, int threads) {
  const Isa isa = active_isa();
  if (isa == Isa::scalar || turns <= 0 || threads < 1) return 0;
  const GemmKernel& kernel = isa == Isa::avx512 ? gemm_kernel_avx512 : gemm_kernel_avx2;
  std::atomic<uint32_t> sink{0};  // so that the compiler cannot leave the chains out
  parallel_for(static_cast<size_t>(threads), threads, [&](size_t) { sink += static_cast<uint32_t>(kernel.burst(turns)); });
  return 2.0 * 8 * 8 * kernel.width * static_cast<double>(turns) * threads;
}

void gemm(bool transA, bool transB, int64_t M, int64_t N, int64_t K, const double* A, int64_t lda, const double* B, int64_t ldb, double* C,
          int64_t ldc, bool accumulate, int /*threads*/) {
  gemm_reference(transA, transB, M, N, K, A, lda, B, ldb, C, ldc, accumulate);
}

}  // namespace millrace::trainer
