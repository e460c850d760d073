// The driver of dot32 products: cuts C into tasks, blocks of rows and tiles. As in gemm.cc nothing here can change a bit: a tile computes its
// elements whole, blocks of 32 k in order.
#include "native/trainer/gemm/dot32.h"

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "native/base/cpu.h"
#include "native/base/parallel.h"
#include "native/trainer/gemm/dot32_kernel.h"

namespace millrace::trainer {
namespace {

constexpr int64_t kColumns = 512, kRows = 448;  // of B and A packed at a time
constexpr int64_t kSerial = int64_t{1} << 22;   // multiply-adds below which waking a thread costs more than it saves

// The rule is defined with denormals flushed both ways; tiles do it by themselves, everything else by MXCSR.
class Flushing {
 public:
  Flushing() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~Flushing() { _mm_setcsr(before_); }

 private:
  unsigned before_;
};

struct Problem {
  bool transA, transB;
  int64_t M, N, K;
  Operand A;
  int64_t lda;
  Operand B;
  int64_t ldb;
  float* wide;   // one of the two
  Bf16* narrow;
  int64_t ldc;
  bool accumulate;

  Problem part(int64_t row, int64_t rows, int64_t column, int64_t columns) const {
    Problem p = *this;
    p.M = rows, p.N = columns;
    p.A = A.at(transA ? row : row * lda), p.B = B.at(transB ? column * ldb : column);
    if (wide) p.wide += row * ldc + column;
    if (narrow) p.narrow += row * ldc + column;
    return p;
  }
};

float value(Operand x, int64_t i) {
  return x.narrow ? to_float(static_cast<const Bf16*>(x.data)[i]) : to_float(to_bf16(static_cast<const float*>(x.data)[i]));
}

// The rule of dot32.h written down: what the scalar path runs. A call of its own, so that the compiler moves none of it out of Flushing.
[[gnu::noinline]] void reference(const Problem& p) {
  for (int64_t i = 0; i < p.M; ++i)
    for (int64_t j = 0; j < p.N; ++j) {
      float c = p.accumulate ? p.wide[i * p.ldc + j] : 0.0f;
      for (int64_t from = 0; from < p.K; from += kDot32) {
        float chain[2] = {0, 0};
        for (int64_t k = from; k < from + kDot32; ++k)
          chain[k % 2] = k < p.K ? std::fma(value(p.A, p.transA ? k * p.lda + i : i * p.lda + k), value(p.B, p.transB ? j * p.ldb + k : k * p.ldb + j),
                                            chain[k % 2])
                                 : chain[k % 2] + 0.0f;
        c = c + (chain[0] + chain[1]);
      }
      if (p.wide) p.wide[i * p.ldc + j] = c;
      else p.narrow[i * p.ldc + j] = to_bf16(c);
    }
}

struct Free {
  void operator()(void* p) const { std::free(p); }
};
template <class T>
std::unique_ptr<T[], Free> memory(int64_t n) {
  return std::unique_ptr<T[], Free>(static_cast<T*>(std::aligned_alloc(64, (static_cast<size_t>(n) * sizeof(T) + 63) / 64 * 64)));
}

// A thread's packing buffers, kept for its next call.
struct Scratch {
  std::unique_ptr<char[], Free> a, b;
  std::unique_ptr<float[], Free> c;
  bool reserve() {
    if (!a) a = memory<char>(kDot32Tile * kDot32Depth * 4);
    if (!b) b = memory<char>(kColumns * kDot32Depth * 4);
    if (!c) c = memory<float>((kRows + kDot32Tile) * kColumns);
    return a && b && c;
  }
};
thread_local Scratch scratch;

// Rows of C at a time, so that the sums of a block fit a buffer: bfloat16 takes them at the end, whole tiles write over C's borders.
void serial(const Dot32Kernel* kernel, const Problem& p) {
  const Flushing flushing;
  if (!kernel || !scratch.reserve()) return reference(p);
  const Dot32Kernel& k = *kernel;
  float* sums = scratch.c.get();
  for (int64_t row = 0; row < p.M; row += kRows / k.rows * k.rows) {
    const int64_t rows = std::min(kRows / k.rows * k.rows, p.M - row);
    for (int64_t column = 0; column < p.N; column += kColumns) {
      const int64_t columns = std::min(kColumns, p.N - column), panels = (columns + k.columns - 1) / k.columns;
      const bool direct = p.wide && columns % k.columns == 0 && (rows % k.rows == 0 || k.rows < 16);
      float* c = direct ? p.wide + row * p.ldc + column : sums;
      const int64_t ldc = direct ? p.ldc : kColumns;
      if (!direct && p.accumulate)
        for (int64_t i = 0; i < rows; ++i) std::copy_n(p.wide + (row + i) * p.ldc + column, columns, c + i * ldc);
      if (p.K <= 0 && !p.accumulate)
        for (int64_t i = 0; i < rows; ++i) std::fill_n(c + i * ldc, columns, 0.0f);
      for (int64_t from = 0; from < p.K; from += kDot32Depth) {
        const int64_t depth = std::min(kDot32Depth, p.K - from);
        for (int64_t j = 0; j < panels; ++j) {
          const int64_t at = column + j * k.columns;
          k.pack_b(p.transB, static_cast<int>(std::min<int64_t>(k.columns, columns - j * k.columns)), depth,
                   p.B.at(p.transB ? at * p.ldb + from : from * p.ldb + at), p.ldb, scratch.b.get() + j * k.b_bytes);
        }
        for (int64_t r = 0; r < rows; r += k.rows) {
          const int high = static_cast<int>(std::min<int64_t>(k.rows, rows - r));
          const int64_t at = row + r;
          char* a = scratch.a.get();
          k.pack_a(p.transA, high, depth, p.A.at(p.transA ? from * p.lda + at : at * p.lda + from), p.lda, a);
          for (int64_t j = 0; j < panels; ++j)
            k.tile(high, depth, a, scratch.b.get() + j * k.b_bytes, c + r * ldc + j * k.columns, ldc, p.accumulate || from > 0);
        }
      }
      for (int64_t i = 0; i < rows && !direct; ++i) {
        if (p.wide) std::copy_n(c + i * ldc, columns, p.wide + (row + i) * p.ldc + column);
        else
          for (int64_t j = 0; j < columns; ++j) p.narrow[(row + i) * p.ldc + column + j] = to_bf16(c[i * ldc + j]);
      }
    }
  }
}

void run(const Problem& p, int threads) {
  if (p.M <= 0 || p.N <= 0) return;
  const Isa isa = active_isa();
  const bool tiles = active_amx() && isa == Isa::avx512;
  const Dot32Kernel* kernel =
      isa == Isa::scalar ? nullptr : tiles ? &dot32_kernel_amx : isa == Isa::avx512 ? &dot32_kernel_avx512 : &dot32_kernel_avx2;
  const auto piece = [&](const Problem& part) {
    if (tiles) dot32_amx_begin();
    serial(kernel, part);
    if (tiles) dot32_amx_end();
  };
  if (threads <= 1 || p.M * p.N * p.K < kSerial) return piece(p);
  // Two tasks a thread along the longer side, so that the shorter side is packed by each.
  const bool down = p.M >= p.N;
  const int64_t unit = down ? (kernel ? kernel->rows : 1) : kDot32Tile, units = ((down ? p.M : p.N) + unit - 1) / unit;
  const int64_t tasks = std::min<int64_t>(units, 2 * threads);
  parallel_for(static_cast<size_t>(tasks), threads, [&](size_t task) {
    const int64_t t = static_cast<int64_t>(task), side = down ? p.M : p.N;
    const int64_t begin = units * t / tasks * unit, end = std::min(side, units * (t + 1) / tasks * unit);
    piece(down ? p.part(begin, end - begin, 0, p.N) : p.part(0, p.M, begin, end - begin));
  });
}

bool ask_for_amx() {
  unsigned a, b, c, d, low, high;
  if (available_isas().back() != Isa::avx512) return false;
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
  if (!(d >> 22 & 1) || !(d >> 24 & 1)) return false;  // AMX-BF16, AMX-TILE
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low >> 17 & 3) != 3) return false;  // the system saves tile configuration and data
  if (const char* wish = std::getenv("MILLRACE_AMX"))
    if (std::strcmp(wish, "0") == 0) return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM (Documentation/arch/x86/xstate.rst)
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

std::atomic<bool>& amx() {
  static std::atomic<bool> on{amx_granted()};
  return on;
}

}  // namespace

bool amx_granted() {
  static const bool granted = ask_for_amx();
  return granted;
}
bool active_amx() { return amx().load(std::memory_order_relaxed); }
void set_amx(bool on) { amx().store(on && amx_granted(), std::memory_order_relaxed); }

void gemm_dot32(bool transA, bool transB, int64_t M, int64_t N, int64_t K, Operand A, int64_t lda, Operand B, int64_t ldb, float* C, int64_t ldc,
                bool accumulate, int threads) {
  run({transA, transB, M, N, K, A, lda, B, ldb, C, nullptr, ldc, accumulate}, threads);
}

void gemm_dot32(bool transA, bool transB, int64_t M, int64_t N, int64_t K, Operand A, int64_t lda, Operand B, int64_t ldb, Bf16* C, int64_t ldc,
                int threads) {
  run({transA, transB, M, N, K, A, lda, B, ldb, nullptr, C, ldc, false}, threads);
}

}  // namespace millrace::trainer
