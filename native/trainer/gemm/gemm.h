#pragma once
#include <cstdint>

namespace millrace::trainer {

// Row-major matrix product with one defined result:  C[M,N] (+)= op(A)[M,K] · op(B)[K,N],  op(X) = X or its transpose.
//
//   A  [M,K], or [K,M] with transA; lda floats from row to row (lda >= its width)
//   B  [K,N], or [N,K] with transB; ldb floats from row to row
//   C  [M,N], ldc floats from row to row; overlaps neither A nor B
//   accumulate  add to C instead of replacing it
//   threads     at most this many; 1 or less: the calling thread alone
//
// Numerics (docs/numerics.md, rule 1): k is cut into blocks of 256 counted from 0; a block is one chain acc = fma(a, b, acc) over
// ascending k from +0; blocks are added to C in order. Without `accumulate` the first block replaces C, and K = 0 gives +0.
// An element depends on its row of op(A), its column of op(B) and nothing else: not on M, N, threads or instruction set.
// Trade-off: no split along K, so a product with one small tile of output runs on one thread.
void gemm(bool transA, bool transB, int64_t M, int64_t N, int64_t K, const float* A, int64_t lda, const float* B, int64_t ldb, float* C,
          int64_t ldc, bool accumulate, int threads);

// The same rule in double, as plain loops on the calling thread: for finite differences and oracles.
void gemm(bool transA, bool transB, int64_t M, int64_t N, int64_t K, const double* A, int64_t lda, const double* B, int64_t ldb, double* C,
          int64_t ldc, bool accumulate, int threads);

// For benchmarks: fused multiply-adds in registers alone on up to `threads` threads, `turns` times each. Returns the operations done (an fma is
// two); 0 on the scalar path.
double fma_burst(int64_t turns, int threads);

}  // namespace millrace::trainer
